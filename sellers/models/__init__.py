from sellers.models.imports import CatalogImport, ImportProblem
from sellers.models.product import (
    Category,
    Product,
    ProductMedia,
    ProductOption,
    Variant,
)
from sellers.models.review import Review
from sellers.models.seller import Follow, Seller, SellerConflict, SellerMember
from sellers.models.stock import (
    OutOfStock,
    StockLevel,
    StockMovement,
    StockReservation,
)

__all__ = [
    "CatalogImport",
    "Category",
    "Follow",
    "ImportProblem",
    "OutOfStock",
    "Product",
    "ProductMedia",
    "ProductOption",
    "Review",
    "Seller",
    "SellerConflict",
    "SellerMember",
    "StockLevel",
    "StockMovement",
    "StockReservation",
    "Variant",
]
