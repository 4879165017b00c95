"""Paths that are put together from their parts are those that Django finds."""

import pytest
from django.template import engines
from django.urls import reverse
from django.utils.translation import override

from marketplace.paths import path_to


@pytest.mark.parametrize(
    ("view", "parts"),
    [
        ("videos:video", ["a_b-C"]),
        ("videos:product_sheet", ["a_b-C", 7]),
        ("sellers:product", ["kiln-north", "bowl"]),
        ("moderation:report", ["video", "a_b-C"]),
        ("videos:video", ["a b?&'%é~"]),
    ],
)
def test_a_path_is_that_of_the_pattern(view, parts):
    expected = reverse(view, args=parts)

    assert [path_to(view, *parts), path_to(view, *parts)] == [expected, expected]


def test_paths_of_several_pages_are_kept_apart():
    first, second = (path_to("videos:why", public_id) for public_id in ("one", "two"))

    assert [first, second] == ["/v/one/why/", "/v/two/why/"]


def test_what_stands_once_is_made_once_in_each_language():
    made = engines["django"].from_string(
        "{% load i18n %}{% once %}{% translate 'Save' %}{{ name }}{% endonce %}"
        " {{ name }}"
    )

    english = [made.render({"name": name}) for name in ("first", "second")]
    with override("de"):
        german = made.render({"name": "third"})

    assert english == ["Save first", "Save second"]
    assert german == "Sichern third"
