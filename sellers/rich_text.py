"""Descriptions: what sellers write, reduced to what a page may show."""

import re
from html import unescape

import nh3
from django.utils.html import escape, strip_tags

TAGS = {
    "a", "b", "blockquote", "br", "em", "h3", "h4", "h5", "h6", "hr", "i", "li",
    "ol", "p", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
# Shop systems write “<h1>” into descriptions; on the page the product is the h1.
LOWERED = re.compile(r"<(/?)h[12]\b", re.IGNORECASE)
LOOKS_LIKE_HTML = re.compile(
    r"<(p|br|ul|ol|li|div|span|h[1-6]|strong|b|em|i|a|table|img)\b", re.IGNORECASE
)
MAX_CHARACTERS = 50_000


def clean(html: str) -> str:
    """HTML that cannot run, load or hide anything."""
    return nh3.clean(
        LOWERED.sub(r"<\1h3", html),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow ugc noopener",
    ).strip()


def from_text(text: str) -> str:
    """Paragraphs and line breaks of plain text as HTML."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    lines = [escape(part.strip()).replace("\n", "<br>") for part in paragraphs]
    return "".join(f"<p>{part}</p>" for part in lines if part)


def clean_description(text: str) -> str:
    """Of HTML or plain text, whichever the seller or the file wrote."""
    text = text.replace("\x00", "")
    return clean(text if LOOKS_LIKE_HTML.search(text) else from_text(text))


def for_editing(html: str) -> str:
    """As a seller wants to change it: plain text where it is only paragraphs."""
    if set(re.findall(r"</?(\w+)", html)) <= {"p", "br"}:
        text = re.sub(r"</p>\s*", "\n\n", html).replace("<p>", "")
        return unescape(re.sub(r"<br\s*/?>", "\n", text)).strip()
    return re.sub(r"(</(?:p|ul|ol|li|h\d|table|tr|blockquote)>|<[uo]l>)", "\\1\n", html)


def plain(html: str) -> str:
    """In one line, for previews and meta tags."""
    spaced = re.sub(r"<(br|/p|/li|/h\d|/tr)[^>]*>", " ", html)
    return re.sub(r"\s+", " ", strip_tags(spaced)).strip()
