from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from sellers.models import Product, Variant
from videos.models.video import Video, clock


class ProductTag(models.Model):
    """A product that is on screen from `starts_ms` up to `ends_ms`."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="tags")
    # Indexed together with the video.
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="video_tags", db_index=False
    )
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    starts_ms = models.PositiveIntegerField(_("from"))
    ends_ms = models.PositiveIntegerField(_("to"))

    class Meta:
        ordering = ["starts_ms", "pk"]
        indexes = [
            # The newest videos that show a product.
            models.Index(fields=["product", "video"], name="tags_by_product"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_ms__gt=F("starts_ms")), name="tag_has_a_length"
            ),
        ]

    def __str__(self):
        return f"{self.product} {self.starts_ms}–{self.ends_ms} ms"

    @property
    def time_span(self):
        return f"{clock(self.starts_ms)} – {clock(self.ends_ms)}"


class TagHotspot(models.Model):
    """Where the product is on the picture, in thousandths from the top left."""

    tag = models.OneToOneField(ProductTag, models.CASCADE, related_name="hotspot")
    x_permille = models.PositiveSmallIntegerField()
    y_permille = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(x_permille__lte=1000, y_permille__lte=1000),
                name="hotspot_on_the_picture",
            ),
        ]
