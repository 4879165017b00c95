"""A session that ends while a page asks for a part of itself, or before a form goes."""

import json

import pytest
from django.test import Client
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


def send(client, page, url):
    return client.post(url, {"name": "x"}, headers={"Referer": page} if page else {})


def test_who_sent_a_form_comes_back_to_the_page_it_stands_on(client):
    url = reverse("sellers:change_products")

    answer = send(client, "http://testserver/sell/products/?q=cup", url)

    assert answer.url == f"{reverse('account_login')}?next=/sell/products/%3Fq%3Dcup"


@pytest.mark.parametrize(
    "page", ["", "https://evil.test/sell/products/", "http://testserver//evil.test/x"]
)
def test_a_form_of_a_page_that_is_not_ours_leads_back_to_its_own_address(client, page):
    url = reverse("sellers:create_product")

    answer = send(client, page, url)

    assert answer.url == f"{reverse('account_login')}?next={url}"


def test_a_form_of_another_session_says_what_to_do_and_leads_back():
    client = Client(enforce_csrf_checks=True)
    page = f"http://testserver{reverse('account_login')}?next=/sell/"

    answer = send(client, page, reverse("account_login"))

    body = answer.content.decode()
    assert answer.status_code == 403
    assert "Nothing was saved." in body
    assert f'href="{reverse("account_login")}?next=/sell/">Open the page again' in body
    assert "data-not-taken" in body


@pytest.mark.parametrize(
    ("page", "back"), [("/cart/?a=b", "/cart/?a=b"), ("https://evil.test/x", "/")]
)
def test_a_button_of_another_session_is_told_so_by_a_toast(page, back):
    client = Client(enforce_csrf_checks=True)
    current = page if page.startswith("https") else f"http://testserver{page}"

    answer = client.post(
        reverse("checkout:add_to_cart"),
        headers={"HX-Request": "true", "HX-Current-URL": current},
    )

    toast = json.loads(answer["HX-Trigger"])["toast"]
    assert answer.status_code == 403
    assert toast["text"] == "You signed in or out since this page was opened."
    assert toast["url"] == back


@pytest.mark.parametrize("page", ["", "https://evil.test/"])
def test_a_form_of_another_site_gets_no_way_back(page):
    client = Client(enforce_csrf_checks=True)

    answer = send(client, page, reverse("account_login"))

    assert answer.status_code == 403
    assert "Open the page again" not in answer.content.decode()
    assert "evil.test" not in answer.content.decode()
