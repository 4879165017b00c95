"""A guest's purchase, as far as the order: what a browser sends, no more."""

import re
import time

import requests

ADDRESS = {
    "email": "buyer@example.com",
    "name": "Bea Buyer",
    "line1": "2 Low Street",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}
INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'\b([\w-]+)(?:="([^"]*)")?')


def order(site, variants):
    """Put the variants into a cart and order it; seconds that the last post took."""
    with requests.Session() as browser:
        for url, variant in variants:
            fields = inputs(browser.get(f"{site}{url}"))
            chosen = {"csrfmiddlewaretoken": fields["csrfmiddlewaretoken"],
                      "variant": variant, "quantity": 1}  # fmt: skip
            browser.post(f"{site}/cart/add/", chosen).raise_for_status()
        page = browser.get(f"{site}/checkout/")
        began = time.perf_counter()
        answer = browser.post(
            f"{site}/checkout/", inputs(page) | ADDRESS, allow_redirects=False
        )
        took = time.perf_counter() - began
        if answer.status_code != 302 or "/pay/" not in answer.headers["Location"]:
            raise RuntimeError(f"the order was refused: {answer.status_code}")
        return took


def inputs(page):
    """What the page's forms would send, as the first of each name says."""
    page.raise_for_status()
    sent = {}
    for tag in INPUT.findall(page.text):
        attributes = dict(ATTRIBUTE.findall(tag))
        is_chosen = attributes.get("type") not in {"radio", "checkbox"}
        if "name" in attributes and (is_chosen or "checked" in attributes):
            sent.setdefault(attributes["name"], attributes.get("value", ""))
    return sent
