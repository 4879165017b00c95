from marketplace.moderation.admin import (
    moderation,
    money,
    orders,
    people,
    products,
    sellers,
    trail,
    videos,
)

__all__ = [
    "moderation",
    "money",
    "orders",
    "people",
    "products",
    "sellers",
    "trail",
    "videos",
]
