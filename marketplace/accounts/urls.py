from django.urls import path

from marketplace.accounts import mail_views, views

app_name = "accounts"

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/addresses/", views.addresses, name="addresses"),
    path("account/addresses/add/", views.add_address, name="add_address"),
    path("account/addresses/<int:pk>/", views.address, name="address"),
    path(
        "account/addresses/<int:pk>/remove/",
        views.remove_address,
        name="remove_address",
    ),
    path("account/export/", views.export, name="export"),
    path("account/erase/", views.erase, name="erase"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.mark_all_read, name="mark_all_read"),
    path("inbox/<int:pk>/", views.message, name="message"),
    path("dev/mail/", mail_views.mail, name="mail"),
    path("dev/mail/<str:name>/", mail_views.letter, name="letter"),
    path("dev/mail/<str:name>/html/", mail_views.letter_html, name="letter_html"),
]
