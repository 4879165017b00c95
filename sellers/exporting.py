"""A catalogue as CSV, in the format that the import reads."""

from collections.abc import Iterator
from itertools import zip_longest

from marketplace.money import to_major
from sellers.models import Product, ProductMedia, Seller, StockLevel, Variant
from sellers.variants import MAX_OPTIONS

HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Published",
    "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value",
    "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Price", "Variant Compare At Price",
    "Image Src", "Image Position", "Image Alt Text", "Status", "Tax Class",
    "Delivery Profile",
]  # fmt: skip
STATUS = {Product.Status.PUBLISHED: "active", Product.Status.ARCHIVED: "archived"}


def catalogue_rows(seller: Seller, site_url: str) -> Iterator[list]:
    yield HEADER
    with_path = seller.products.select_related(
        "category__parent__parent", "delivery_profile"
    )
    products = with_path.prefetch_related("options", "variants__stock", "media")
    for product in products.order_by("pk").iterator(chunk_size=200):
        yield from rows_of(product, site_url)


def rows_of(product: Product, site_url: str) -> Iterator[list]:
    """A row a variant or picture, whichever are more; the text on the first."""
    options = [option.name for option in product.options.all()]
    length = len(options)
    variants = [v for v in product.variants.all() if len(v.option_values) == length]
    pairs = zip_longest(variants, product.media.all())
    for number, (variant, media) in enumerate(pairs):
        is_first = number == 0
        yield [
            product.import_handle or product.slug,
            *(text_cells(product) if is_first else [""] * 5),
            *option_cells(options if is_first else [], variant),
            *variant_cells(product, variant),
            *picture_cells(media, site_url),
            STATUS.get(product.status, "draft") if is_first else "",
            product.tax_class if is_first else "",
            str(product.delivery_profile or "") if is_first else "",
        ]


def text_cells(product: Product) -> list[str]:
    is_published = product.status == Product.Status.PUBLISHED
    return [
        product.title,
        product.description,
        product.seller.name,
        " > ".join(product.category.path) if product.category else "",
        str(is_published).lower(),
    ]


def option_cells(names: list[str], variant: Variant | None) -> list[str]:
    """“Title: Default Title” is how the format says that there is no choice."""
    if variant is None:
        return [""] * 2 * MAX_OPTIONS
    values = variant.option_values
    if not values:
        names, values = ["Title"], ["Default Title"]
    pairs = zip_longest(names, values, fillvalue="")
    cells = [cell for pair in pairs for cell in pair]
    return cells + [""] * (2 * MAX_OPTIONS - len(cells))


def variant_cells(product: Product, variant: Variant | None) -> list:
    if variant is None:
        return [""] * 6
    before = variant.compare_at_minor
    return [
        variant.sku,
        variant.weight_grams,
        *stock_cells(variant),
        to_major(variant.price_minor, product.currency),
        to_major(before, product.currency) if before else "",
    ]


def stock_cells(variant: Variant) -> list:
    """The format knows back-orders; that a pre-order is one, it cannot say."""
    if not hasattr(variant, "stock"):
        return ["", ""]
    is_refused = variant.stock.policy == StockLevel.Policy.REFUSE
    return [variant.stock.on_hand, "deny" if is_refused else "continue"]


def picture_cells(media: ProductMedia | None, site_url: str) -> list:
    if media is None:
        return [""] * 3
    address = media.image.url
    if address.startswith("/"):
        address = f"{site_url}{address}"
    return [address, media.position + 1, media.alt]
