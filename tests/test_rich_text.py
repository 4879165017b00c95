"""Descriptions: what sellers and files write, reduced to what a page may show."""

import pytest

from sellers import rich_text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p>Warm <b>light</b></p>", "<p>Warm <b>light</b></p>"),
        ("One\n\nTwo\nthree", "<p>One</p><p>Two<br>three</p>"),
        ("3 < 4 & 5", "<p>3 &lt; 4 &amp; 5</p>"),
        ("<h1>Lamp</h1>", "<h3>Lamp</h3>"),
        ("<p>Hello</p><script>alert(1)</script>", "<p>Hello</p>"),
        ("<p onclick='alert(1)' style='x'>Hello</p>", "<p>Hello</p>"),
        ('<p><img src=x onerror="alert(1)">Hello</p>', "<p>Hello</p>"),
        ("<p>Hello<iframe src='//evil'></iframe></p>", "<p>Hello</p>"),
        ("", ""),
    ],
)
def test_a_description_keeps_its_form_and_loses_what_could_run(written, shown):
    assert rich_text.clean_description(written) == shown


@pytest.mark.parametrize("scheme", ["javascript", "data", "vbscript", "JaVaScRiPt"])
def test_a_link_leads_to_pages_only(scheme):
    shown = rich_text.clean_description(f'<p><a href="{scheme}:alert(1)">x</a></p>')

    assert "href" not in shown


def test_a_link_of_a_seller_is_marked_as_such():
    shown = rich_text.clean_description('<p><a href="https://a.example">x</a></p>')

    assert 'rel="nofollow ugc noopener"' in shown


def test_the_preview_is_one_line():
    assert rich_text.plain("<p>One</p><ul><li>two</li></ul>") == "One two"


@pytest.mark.parametrize(
    "written",
    ["One\n\nTwo\nthree", "3 < 4 & 5", "<p>One</p>\n<ul>\n<li>two</li>\n</ul>"],
)
def test_what_is_edited_and_saved_again_stays_the_same(written):
    shown = rich_text.clean_description(written)

    again = rich_text.clean_description(rich_text.for_editing(shown))

    assert again.replace("\n", "") == shown.replace("\n", "")


def test_paragraphs_are_edited_as_plain_text():
    assert rich_text.for_editing("<p>A &amp; B</p><p>C<br>D</p>") == "A & B\n\nC\nD"
