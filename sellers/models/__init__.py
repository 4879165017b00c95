from sellers.models.imports import (
    CatalogImport,
    ImportConflict,
    ImportPicture,
    ImportProblem,
)
from sellers.models.invitation import SellerInvitation
from sellers.models.media import ProductMedia
from sellers.models.product import (
    Category,
    Product,
    ProductConflict,
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
    "ImportConflict",
    "ImportPicture",
    "ImportProblem",
    "OutOfStock",
    "Product",
    "ProductConflict",
    "ProductMedia",
    "ProductOption",
    "Review",
    "Seller",
    "SellerConflict",
    "SellerInvitation",
    "SellerMember",
    "StockLevel",
    "StockMovement",
    "StockReservation",
    "Variant",
]
