"""What happens to products: written, put on sale, taken off, copied."""

from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sellers.models import Product, ProductConflict, ProductMedia, Seller, StockLevel
from sellers.rich_text import clean_description
from sellers.slugs import free_slug


class NotReady(Exception):
    """The product lacks something that a product on sale must have."""


@dataclass(frozen=True)
class Requirement:
    text: str
    is_met: bool
    anchor: str


def checklist(product: Product) -> list[Requirement]:
    """What it takes to be sold, each with whether it is there."""
    variants = [v for v in product.variants.all() if v.is_active]
    return [
        Requirement(_("A title"), bool(product.title.strip()), "details"),
        Requirement(_("A description"), bool(product.description), "details"),
        Requirement(_("At least one picture"), bool(product.media.all()), "pictures"),
        Requirement(_("At least one variant on sale"), bool(variants), "variants"),
        Requirement(
            _("A price for each variant"),
            bool(variants) and all(v.price_minor > 0 for v in variants),
            "variants",
        ),
    ]


def is_ready(product: Product) -> bool:
    return all(requirement.is_met for requirement in checklist(product))


def lock_catalogue(seller: Seller) -> None:
    """One writer at a time, so that addresses and handles do not clash."""
    Seller.objects.select_for_update(no_key=True).get(pk=seller.pk)


def new_product(seller: Seller, title: str, **fields) -> Product:
    """A draft with an address of its own; call it under `lock_catalogue`."""
    handle = fields.pop("slug", "") or title
    slug = free_slug(seller.products.all(), handle, "product")
    return Product.objects.create(
        seller=seller, title=title, slug=slug, currency=seller.currency, **fields
    )


@transaction.atomic
def create_product(seller: Seller, details: dict) -> Product:
    lock_catalogue(seller)
    return new_product(
        seller,
        details["title"],
        category=details["category"],
        description=clean_description(details["description"]),
        limit_per_buyer=details.get("limit_per_buyer"),
        tax_class=details.get("tax_class") or Product.TaxClass.STANDARD,
        delivery_profile=details.get("delivery_profile"),
    )


def update_details(product: Product, details: dict) -> None:
    """Orders keep what they froze; the address stays, for links and bookmarks."""
    product.title = details["title"]
    product.category = details["category"]
    product.description = clean_description(details["description"])
    product.limit_per_buyer = details["limit_per_buyer"]
    product.tax_class = details["tax_class"]
    product.delivery_profile = details["delivery_profile"]
    product.save(
        update_fields=[
            "title", "category", "description", "limit_per_buyer", "tax_class",
            "delivery_profile", "updated_at",
        ]
    )  # fmt: skip


@transaction.atomic
def submit(product: Product) -> None:
    """Ask for review, or raise NotReady or ProductConflict."""
    product = Product.objects.select_for_update(of=["self"]).get(pk=product.pk)
    if not is_ready(product):
        raise NotReady
    product.submit()


def submit_all(products) -> int:
    """How many of them now wait for review; the others lack something."""
    submitted = 0
    for product in products.filter(status=Product.Status.DRAFT):
        try:
            submit(product)
        except (NotReady, ProductConflict):
            continue
        submitted += 1
    return submitted


def archive_all(products) -> int:
    movable = [s for s, n in Product.NEXT.items() if Product.Status.ARCHIVED in n]
    return products.filter(status__in=movable).update(status=Product.Status.ARCHIVED)


def reopen(product: Product) -> None:
    """From the archive, or back from review, to a draft."""
    product.advance(Product.Status.DRAFT)


@transaction.atomic
def duplicate(product: Product) -> Product:
    """A draft with the same text, variants and pictures; no stock, no reviews."""
    lock_catalogue(product.seller)
    title = _("%(title)s (copy)") % {"title": product.title[:130]}
    copy = new_product(
        product.seller,
        title,
        category=product.category,
        description=product.description,
        limit_per_buyer=product.limit_per_buyer,
        tax_class=product.tax_class,
        delivery_profile=product.delivery_profile,
    )
    for option in product.options.all():
        option.pk, option.product = None, copy
        option.save(force_insert=True)
    for variant in product.variants.select_related("stock"):
        level = getattr(variant, "stock", None) or StockLevel()
        variant.pk, variant.product, variant.media = None, copy, None
        variant.save(force_insert=True)
        StockLevel.objects.create(
            variant=variant,
            policy=level.policy,
            ships_on=level.ships_on,
            backorder_limit=level.backorder_limit,
        )
    for media in product.media.all():
        copy_picture(media, copy)
    return copy


def copy_picture(media: ProductMedia, product: Product) -> None:
    """Its own files, so that deleting one product's picture spares the other's."""
    twin = ProductMedia(
        product=product,
        widths=media.widths,
        colour=media.colour,
        alt=media.alt,
        position=media.position,
    )
    name = f"products/copy-{product.pk}-{media.pk}.webp"
    twin.image = copy_file(media.image.name, name)
    for width in media.widths:
        copy_file(media.name_for(width), twin.name_for(width))
    twin.save()


def copy_file(source: str, target: str) -> str:
    with default_storage.open(source) as file:
        return default_storage.save(target, ContentFile(file.read()))


@transaction.atomic
def order_pictures(product: Product, order: list[int]) -> None:
    """Pictures in that order; those it does not name come after."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    pictures = list(product.media.all())
    rank = {pk: place for place, pk in enumerate(order)}
    pictures.sort(key=lambda media: rank.get(media.pk, len(rank) + media.position))
    for position, media in enumerate(pictures):
        media.position = position
    ProductMedia.objects.bulk_update(pictures, ["position"])


def move_picture(product: Product, media: ProductMedia, step: int) -> None:
    """One place forward or back."""
    order = [picture.pk for picture in product.media.all()]
    place = order.index(media.pk)
    order.insert(max(0, place + step), order.pop(place))
    order_pictures(product, order)


def remove_picture(media: ProductMedia) -> None:
    """Unseen at once; the file goes later, so that it can be undone."""
    ProductMedia.objects.filter(pk=media.pk).update(removed_at=timezone.now())


def restore_picture(media: ProductMedia) -> None:
    ProductMedia.with_removed.filter(pk=media.pk).update(removed_at=None)
