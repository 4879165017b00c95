from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from marketplace.money import format_minor
from marketplace.paths import path_to
from marketplace.states import StatefulModel
from sellers.models.delivery_profile import DeliveryProfile
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
        return path_to("sellers:category", self.slug)

    @property
    def path(self):
        """The names from the top down to this one."""
        return [*(self.parent.path if self.parent_id else []), self.name]

    def clean(self):
        above = self.parent
        while above is not None:
            if above.pk == self.pk:
                raise ValidationError(
                    {"parent": _("A category cannot lie within itself.")}
                )
            above = above.parent


def card_lookups():
    """What `prefetch_related` must fetch: pictures, variants on sale."""
    on_sale = Variant.objects.filter(is_active=True).select_related("stock")
    variants = models.Prefetch("variants", queryset=on_sale, to_attr="on_sale")
    return ["media", variants]


class ProductQuerySet(models.QuerySet):
    def published(self):
        """On sale, by a seller whose shop is open."""
        return self.filter(
            status=Product.Status.PUBLISHED, seller__status=Seller.Status.APPROVED
        )

    def in_review(self):
        return self.filter(status=Product.Status.IN_REVIEW)

    def within(self, category):
        """In the category or up to two levels below it."""
        below = models.Q(category__parent=category)
        below |= models.Q(category__parent__parent=category)
        return self.filter(models.Q(category=category) | below)

    def for_cards(self):
        """With pictures and the variants on sale, in three queries."""
        return self.select_related("seller").prefetch_related(*card_lookups())


class Product(StatefulModel):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    class TaxClass(models.TextChoices):
        STANDARD = "standard", _("Standard")
        REDUCED = "reduced", _("Reduced: food, books and the like")
        ZERO = "zero", _("None")

    # What may follow what.  Only `advance` changes `status`.
    NEXT = {
        Status.DRAFT: {Status.IN_REVIEW, Status.ARCHIVED},
        Status.IN_REVIEW: {Status.PUBLISHED, Status.DRAFT, Status.ARCHIVED},
        Status.PUBLISHED: {Status.DRAFT, Status.ARCHIVED},
        Status.ARCHIVED: {Status.DRAFT},
    }
    Conflict = ProductConflict

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
    tax_class = models.CharField(
        _("tax"),
        max_length=8,
        choices=TaxClass.choices,
        default=TaxClass.STANDARD,
        db_default=TaxClass.STANDARD,
    )
    # Empty: it goes by the shop's usual rates.
    delivery_profile = models.ForeignKey(
        DeliveryProfile,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("delivery"),
    )
    import_handle = models.CharField(
        max_length=255,
        blank=True,
        help_text=_(
            "What an imported file calls it, so that a second import finds it."
        ),
    )
    limit_per_buyer = models.PositiveIntegerField(
        _("at most per buyer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Over all orders and variants; empty for no limit."),
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
        return self.url_of(self.seller.slug, self.slug)

    @staticmethod
    def url_of(shop_slug, slug):
        return path_to("sellers:product", shop_slug, slug)

    @cached_property
    def on_sale(self):
        """The variants one can buy, with their stock; see `for_cards`."""
        return list(self.variants.filter(is_active=True).select_related("stock"))

    @property
    def cover(self):
        """The leading picture."""
        return next(iter(self.media.all()), None)

    @property
    def cheapest(self):
        """The variant whose price the cards show: one that is left, if any is."""
        left = [v for v in self.on_sale if v.orderable]
        return min(left or self.on_sale, key=lambda v: v.price_minor, default=None)

    @property
    def has_several_prices(self):
        return len({v.price_minor for v in self.on_sale}) > 1

    @property
    def is_sold_out(self):
        return not any(v.orderable for v in self.on_sale)

    @property
    def units_available(self):
        return sum(v.available for v in self.on_sale)

    @property
    def is_published(self):
        return self.status == self.Status.PUBLISHED

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
    limit_per_buyer = models.PositiveIntegerField(
        _("at most per buyer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Over all orders; empty for no limit."),
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(_("on sale"), default=True)
    media = models.ForeignKey(
        "sellers.ProductMedia", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = VariantQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            # Looked at when the statement ends, so that one UPDATE can swap two.
            models.UniqueConstraint(
                fields=["product", "sku"],
                name="sku_within_product",
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.UniqueConstraint(
                fields=["product", "option_values"],
                name="one_variant_per_choice",
                deferrable=models.Deferrable.IMMEDIATE,
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

    @property
    def available(self):
        """How many are there to be sold; none where nobody has counted yet."""
        return self.stock.available if hasattr(self, "stock") else 0

    @property
    def orderable(self):
        """How many can be bought now, sent at once or later."""
        return self.stock.orderable if hasattr(self, "stock") else 0

    @property
    def limit(self):
        """At most so many for one buyer: the variant's or the product's own."""
        limits = [self.limit_per_buyer, self.product.limit_per_buyer]
        return min(filter(None, limits), default=None)

    @property
    def is_reduced(self):
        return bool(self.compare_at_minor) and self.compare_at_minor > self.price_minor

    @property
    def reduction_percent(self):
        return 100 - 100 * self.price_minor // self.compare_at_minor
