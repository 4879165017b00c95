import pytest
from django.urls import reverse

from marketplace.accounts import passkeys


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("https://shop.example/", True),
        ("http://shop.example/", False),
        ("http://localhost:8000/", True),
        ("http://shop.localhost:8000/", True),
        ("http://127.0.0.1:8000/", False),
        ("https://192.0.2.1/", False),
        ("http://[::1]:8000/", False),
    ],
)
def test_browsers_allow_passkeys_under_a_name_and_safe_from_listeners(
    address, is_allowed
):
    assert passkeys.are_allowed_at(address) is is_allowed


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("site", "host", "said"),
    [
        ("http://localhost:8000", "localhost", []),
        ("http://localhost:8000", "127.0.0.1:8000", ["Open this page under its name"]),
        ("http://192.0.2.1:8000", "192.0.2.1:8000", ["they need HTTPS"]),
    ],
)
def test_the_sign_in_page_says_where_passkeys_work(client, settings, site, host, said):
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["*"], site

    page = client.get(reverse("account_login"), headers={"host": host}).content.decode()

    notes = ["Open this page under its name", "they need HTTPS"]
    assert [note for note in notes if note in page] == said
