from sellers.views.applying import accept_invitation, apply, shop_address
from sellers.views.centre import (
    invite_member,
    overview,
    remove_member,
    shop_settings,
)
from sellers.views.imports import (
    cancel_import,
    catalog_import,
    export_products,
    fetch_pictures_again,
    import_report,
    import_template,
    imports,
    read_import_again,
    start_import,
)
from sellers.views.pictures import (
    add_pictures,
    describe_picture,
    move_picture,
    order_pictures,
    remove_picture,
    restore_picture,
)
from sellers.views.products import (
    change_products,
    create_product,
    duplicate_product,
    edit_product,
    move_product,
    products,
)
from sellers.views.shop_window import category, follow, product, storefront
from sellers.views.stock import product_stock

__all__ = [
    "accept_invitation",
    "add_pictures",
    "apply",
    "cancel_import",
    "catalog_import",
    "category",
    "change_products",
    "create_product",
    "describe_picture",
    "duplicate_product",
    "edit_product",
    "export_products",
    "fetch_pictures_again",
    "follow",
    "import_report",
    "import_template",
    "imports",
    "invite_member",
    "move_picture",
    "move_product",
    "order_pictures",
    "overview",
    "product",
    "product_stock",
    "products",
    "read_import_again",
    "remove_member",
    "remove_picture",
    "restore_picture",
    "shop_address",
    "shop_settings",
    "start_import",
    "storefront",
]
