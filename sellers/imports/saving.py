"""One product of a file into the catalogue: made, or brought up to date."""

from sellers import catalog, variants
from sellers.categories import find_category
from sellers.imports.checking import Checked
from sellers.models import (
    CatalogImport,
    ImportPicture,
    Product,
    Seller,
    StockMovement,
)


def find_product(seller: Seller, checked: Checked) -> Product | None:
    """By the handle of an earlier import, else by a SKU that only one product has."""
    handle = checked.draft.key
    product = seller.products.filter(import_handle__iexact=handle).first()
    if product:
        return product
    skus = [row.sku for row in checked.rows if row.sku]
    with_skus = seller.products.filter(variants__sku__in=skus).distinct()
    found = list(with_skus[:2])
    return found[0] if len(found) == 1 else None


def save_product(catalog_import: CatalogImport, checked: Checked) -> bool:
    """True for a new product.  Call it inside a transaction."""
    seller = catalog_import.seller
    catalog.lock_catalogue(seller)
    product = find_product(seller, checked)
    is_new = product is None
    if is_new:
        product = create(seller, checked)
    else:
        update(product, checked)
    if is_new:
        for row in checked.rows:
            if row.on_hand is None:
                row.on_hand = catalog_import.default_stock
    variants.save_variants(
        product,
        checked.options,
        checked.rows,
        catalog_import.created_by,
        StockMovement.Reason.IMPORT,
    )
    note_pictures(catalog_import, product, checked)
    return is_new


def create(seller: Seller, checked: Checked) -> Product:
    draft = checked.draft
    return catalog.new_product(
        seller,
        draft.title,
        slug=draft.handle if draft.handle != draft.title else "",
        import_handle=draft.key,
        description=checked.description,
        category=find_category(draft.category),
        tax_class=checked.tax_class or Product.TaxClass.STANDARD,
        delivery_profile=checked.delivery_profile,
    )


def update(product: Product, checked: Checked) -> None:
    """The seller's own category stays where the file's is not known."""
    product.title = checked.draft.title
    product.description = checked.description or product.description
    product.category = find_category(checked.draft.category) or product.category
    product.tax_class = checked.tax_class or product.tax_class
    product.delivery_profile = checked.delivery_profile or product.delivery_profile
    product.import_handle = product.import_handle or checked.draft.key
    product.save(
        update_fields=[
            "title", "description", "category", "tax_class", "delivery_profile",
            "import_handle", "updated_at",
        ]
    )  # fmt: skip


def note_pictures(
    catalog_import: CatalogImport, product: Product, checked: Checked
) -> None:
    """Those that the product does not have yet, to be fetched later."""
    for position, picture in enumerate(checked.draft.pictures):
        fetched = ImportPicture.Status.FETCHED
        known = product.imported_pictures.filter(url=picture.url[:2000])
        if known.filter(status=fetched).exists():
            continue
        ImportPicture.objects.update_or_create(
            product=product,
            url=picture.url[:2000],
            defaults={
                "catalog_import": catalog_import,
                "alt": picture.alt[:200],
                "row": picture.row,
                "position": position,
                "status": ImportPicture.Status.WAITING,
                "message": "",
                "attempts": 0,
            },
        )
