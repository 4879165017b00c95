import os

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.money import format_minor
from sellers.models.seller import Seller


class ProductConflict(Exception):
    """The product cannot move to that status from where it is."""


class Category(models.Model):
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("sellers:category", args=[self.slug])


class ProductQuerySet(models.QuerySet):
    def published(self):
        """On sale, by a seller whose shop is open."""
        return self.filter(
            status=Product.Status.PUBLISHED, seller__status=Seller.Status.APPROVED
        )

    def in_review(self):
        return self.filter(status=Product.Status.IN_REVIEW)


class Product(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    # What may follow what.  Only `advance` changes `status`.
    NEXT = {
        Status.DRAFT: {Status.IN_REVIEW, Status.ARCHIVED},
        Status.IN_REVIEW: {Status.PUBLISHED, Status.DRAFT, Status.ARCHIVED},
        Status.PUBLISHED: {Status.DRAFT, Status.ARCHIVED},
        Status.ARCHIVED: {Status.DRAFT},
    }

    seller = models.ForeignKey(Seller, models.PROTECT, related_name="products")
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="products"
    )
    title = models.CharField(_("title"), max_length=140)
    slug = models.SlugField(max_length=160)
    description = models.TextField(
        _("description"), blank=True, help_text=_("Clean HTML, as nh3 lets it through.")
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    status_reason = models.TextField(_("reason"), blank=True)
    currency = models.CharField(max_length=3, default=settings.CURRENCY)
    import_handle = models.CharField(
        max_length=255,
        blank=True,
        help_text=_(
            "What an imported file calls it, so that a second import finds it."
        ),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "slug"], name="product_slug_within_seller"
            ),
            models.UniqueConstraint(
                fields=["seller", "import_handle"],
                condition=~models.Q(import_handle=""),
                name="import_handle_within_seller",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="product_search"),
            models.Index(fields=["status", "-published_at"]),
            models.Index(fields=["seller", "status", "-id"]),
            models.Index(fields=["category", "status", "-published_at", "-id"]),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("sellers:product", args=[self.seller.slug, self.slug])

    def advance(self, status, **fields):
        """Move to `status`, or raise ProductConflict (see `Seller.advance`)."""
        previous = [s for s, following in self.NEXT.items() if status in following]
        movable = Product.objects.filter(pk=self.pk, status__in=previous)
        if not movable.update(status=status, **fields):
            raise ProductConflict(f"product {self.pk} cannot become {status}")
        self.refresh_from_db(fields=["status", *fields])

    advance.alters_data = True

    def submit(self):
        self.advance(self.Status.IN_REVIEW, status_reason="")

    submit.alters_data = True

    def publish(self):
        self.advance(
            self.Status.PUBLISHED, status_reason="", published_at=timezone.now()
        )

    publish.alters_data = True

    def send_back(self, reason):
        """Refuse publication: a draft again, with the reason for the seller."""
        self.advance(self.Status.DRAFT, status_reason=reason)

    send_back.alters_data = True

    def unpublish(self):
        self.advance(self.Status.DRAFT)

    unpublish.alters_data = True

    def archive(self):
        self.advance(self.Status.ARCHIVED)

    archive.alters_data = True


class ProductOption(models.Model):
    """A choice that a product offers: “Size”, “Colour”."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="options")
    name = models.CharField(_("name"), max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "name"], name="option_name_within_product"
            ),
        ]

    def __str__(self):
        return self.name


class VariantQuerySet(models.QuerySet):
    def on_sale(self):
        return self.filter(
            is_active=True,
            product__status=Product.Status.PUBLISHED,
            product__seller__status=Seller.Status.APPROVED,
        )


class Variant(models.Model):
    """What one buys: a product with every option chosen."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="variants")
    sku = models.CharField(_("SKU"), max_length=80)
    option_values = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text=_("One value for each of the product's options, in their order."),
    )
    price_minor = models.PositiveBigIntegerField(
        _("price"), validators=[MinValueValidator(1)]
    )
    compare_at_minor = models.PositiveBigIntegerField(
        _("price before"), null=True, blank=True
    )
    weight_grams = models.PositiveIntegerField(_("weight in grams"), default=0)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("on sale"), default=True)
    media = models.ForeignKey(
        "sellers.ProductMedia", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = VariantQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "sku"], name="sku_within_product"
            ),
            models.UniqueConstraint(
                fields=["product", "option_values"], name="one_variant_per_choice"
            ),
            models.CheckConstraint(
                condition=models.Q(price_minor__gt=0), name="price_above_zero"
            ),
        ]

    def __str__(self):
        return self.title or self.product.title

    @property
    def title(self):
        """“Sand / Large”; empty where the product offers no choice."""
        return " / ".join(self.option_values)

    @property
    def currency(self):
        return self.product.currency

    @property
    def price(self):
        return format_minor(self.price_minor, self.currency)


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
