"""A session that ends while a page asks for a part of itself."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


def fetch(client, url, page):
    return client.get(
        url,
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"},
    )


def test_the_whole_page_goes_to_the_sign_in_and_back(client):
    page = reverse("videos:upload") + "?from=feed"

    answer = fetch(client, reverse("videos:status", args=["abc"]), page)

    assert (answer.status_code, answer.content) == (200, b"")
    there = answer["HX-Redirect"]
    assert there == reverse("account_login") + "?next=" + page.replace(
        "?", "%3F"
    ).replace("=", "%3D")


def test_a_page_of_another_site_is_no_way_back(client):
    url = reverse("videos:status", args=["abc"])

    answer = client.get(
        url, headers={"HX-Request": "true", "HX-Current-URL": "https://evil.test/x"}
    )

    assert answer["HX-Redirect"] == f"{reverse('account_login')}?next={url}"


def test_a_browser_itself_follows_as_ever(client):
    url = reverse("videos:status", args=["abc"])

    assert client.get(url).url == f"{reverse('account_login')}?next={url}"
