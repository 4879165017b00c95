from django.urls import path, re_path

from sellers import views

app_name = "sellers"

urlpatterns = [
    path("sell/", views.apply, name="apply"),
    path("sell/address/", views.shop_address, name="shop_address"),
    path("sell/join/<str:token>/", views.accept_invitation, name="accept_invitation"),
    path("seller/", views.overview, name="overview"),
    path("seller/settings/", views.shop_settings, name="shop_settings"),
    path("seller/settings/members/", views.invite_member, name="invite_member"),
    path(
        "seller/settings/members/<int:pk>/remove/",
        views.remove_member,
        name="remove_member",
    ),
    path("seller/products/", views.products, name="products"),
    path("seller/products/change/", views.change_products, name="change_products"),
    path("seller/products/export/", views.export_products, name="export_products"),
    path("seller/products/new/", views.create_product, name="create_product"),
    path("seller/products/<int:pk>/", views.edit_product, name="edit_product"),
    path("seller/products/<int:pk>/stock/", views.product_stock, name="product_stock"),
    path(
        "seller/products/<int:pk>/duplicate/",
        views.duplicate_product,
        name="duplicate_product",
    ),
    re_path(
        r"^seller/products/(?P<pk>\d+)/(?P<move>submit|unpublish|archive|reopen)/$",
        views.move_product,
        name="move_product",
    ),
    path("seller/products/<int:pk>/pictures/", views.add_pictures, name="add_pictures"),
    path(
        "seller/products/<int:pk>/pictures/order/",
        views.order_pictures,
        name="order_pictures",
    ),
    path(
        "seller/products/<int:pk>/pictures/<int:media_pk>/text/",
        views.describe_picture,
        name="describe_picture",
    ),
    path(
        "seller/products/<int:pk>/pictures/<int:media_pk>/move/",
        views.move_picture,
        name="move_picture",
    ),
    path(
        "seller/products/<int:pk>/pictures/<int:media_pk>/remove/",
        views.remove_picture,
        name="remove_picture",
    ),
    path(
        "seller/products/<int:pk>/pictures/<int:media_pk>/restore/",
        views.restore_picture,
        name="restore_picture",
    ),
    path("seller/import/", views.imports, name="imports"),
    path("seller/import/template/", views.import_template, name="import_template"),
    path("seller/import/<int:pk>/", views.catalog_import, name="catalog_import"),
    path("seller/import/<int:pk>/start/", views.start_import, name="start_import"),
    path("seller/import/<int:pk>/cancel/", views.cancel_import, name="cancel_import"),
    path(
        "seller/import/<int:pk>/read/",
        views.read_import_again,
        name="read_import_again",
    ),
    path(
        "seller/import/<int:pk>/pictures/",
        views.fetch_pictures_again,
        name="fetch_pictures_again",
    ),
    path("seller/import/<int:pk>/report/", views.import_report, name="import_report"),
    path("s/<slug:seller>/", views.storefront, name="storefront"),
    path("s/<slug:seller>/follow/", views.follow, name="follow"),
    path("s/<slug:seller>/<slug:product>/", views.product, name="product"),
    path("c/<slug:category>/", views.category, name="category"),
]
