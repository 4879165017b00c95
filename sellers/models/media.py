import os
from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models.product import Product


@dataclass(frozen=True)
class Picture:
    """Where the sizes of a picture are, and how it looks before it is there."""

    name: str
    width: int
    height: int
    colour: str
    alt: str
    widths: tuple[int, ...]

    @property
    def url(self):
        return default_storage.url(self.name)

    def url_for(self, width):
        """The address of the rendition of that width, or of the largest one."""
        if width not in self.widths:
            return self.url
        return default_storage.url(self.name_for(width))

    def name_for(self, width):
        stem, extension = os.path.splitext(self.name)
        return f"{stem}-{width}{extension}"

    @property
    def srcset(self):
        """Every rendition with its width, for the attribute of that name."""
        sources = [f"{self.url_for(width)} {width}w" for width in sorted(self.widths)]
        return ", ".join([*sources, f"{self.url} {self.width}w"])

    @property
    def thumbnail_url(self):
        return self.url_for(min(self.widths, default=0))


class ProductMediaManager(models.Manager):
    """The pictures that are there: one taken off waits, unseen, for an undo."""

    def get_queryset(self):
        return super().get_queryset().filter(removed_at=None)


class ProductMedia(models.Model):
    """A picture of a product, re-encoded in several sizes by `sellers.pictures`."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="media")
    image = models.ImageField(
        upload_to="products", width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(default=0, editable=False)
    height = models.PositiveIntegerField(default=0, editable=False)
    widths = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        help_text=_("Widths in pixels that exist beside the largest one."),
    )
    colour = models.CharField(
        max_length=7, blank=True, help_text=_("Average colour while it loads.")
    )
    alt = models.CharField(_("what the picture shows"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    with_removed = models.Manager()
    objects = ProductMediaManager()

    class Meta:
        default_manager_name = "objects"
        ordering = ["position", "pk"]
        verbose_name_plural = "product media"

    @property
    def picture(self):
        return Picture(
            self.image.name,
            self.width,
            self.height,
            self.colour,
            self.alt,
            tuple(self.widths),
        )

    @property
    def url(self):
        return self.image.url

    def url_for(self, width):
        return self.picture.url_for(width)

    def name_for(self, width):
        return self.picture.name_for(width)

    @property
    def srcset(self):
        return self.picture.srcset

    @property
    def thumbnail_url(self):
        return self.picture.thumbnail_url
