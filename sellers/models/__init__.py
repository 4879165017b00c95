from sellers.models.delivery_profile import DeliveryProfile
from sellers.models.imports import (
    CatalogImport,
    ImportConflict,
    ImportPicture,
    ImportProblem,
)
from sellers.models.invitation import SellerInvitation
from sellers.models.media import Picture, ProductMedia
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
    orderable,
)

__all__ = [
    "DeliveryProfile",
    "CatalogImport",
    "Category",
    "Follow",
    "ImportConflict",
    "ImportPicture",
    "ImportProblem",
    "OutOfStock",
    "Picture",
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
    "orderable",
]
