import os

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models.product import Product


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

    def url_for(self, width):
        """The address of the rendition of that width, or of the largest one."""
        if width not in self.widths:
            return self.image.url
        return self.image.storage.url(self.name_for(width))

    def name_for(self, width):
        stem, extension = os.path.splitext(self.image.name)
        return f"{stem}-{width}{extension}"

    @property
    def srcset(self):
        """Every rendition with its width, for the attribute of that name."""
        sources = [f"{self.url_for(width)} {width}w" for width in sorted(self.widths)]
        return ", ".join([*sources, f"{self.image.url} {self.width}w"])

    @property
    def thumbnail_url(self):
        return self.url_for(min(self.widths, default=0))
