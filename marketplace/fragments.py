"""Pieces of pages that are made once and kept.

The template of a fragment sees nothing but the values it is given, and those are its
key: a new price or title is another fragment, so none can be stale or somebody
else's.  What differs with each request, like the CSRF token, is a hole in it that is
filled afterwards.

To make one takes a template fifty steps.  A value that has an `outline` is shown by it:
all that differ in the texts of their outlines alone are filled into one pattern.
"""

import dataclasses
import re
import secrets
from datetime import datetime
from functools import lru_cache
from html import escape

from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from marketplace.video_addresses import expiry

# About 5 KB each.
KEPT, PATTERNS_KEPT = 2000, 500
# Unguessable, so that no title or description can hold a hole.
MARK = secrets.token_hex(8)
HOLE = re.compile(rf"{MARK}-(\w+)-")

PLAIN = {str, int, float, bool, datetime, type(None)}


class Outline(dict):
    """What a template finds of a value, by name; not to be changed.

    Its texts it only prints, or asks whether they are empty: no filter may look at one.
    All else, and which texts are empty, decides on the pattern.
    """

    def __hash__(self):
        return hash(tuple(self.items()))


def fragment(template_name: str, holes: dict | None = None, **shown) -> SafeString:
    """The template with what it shows, in the language of the moment.

    `shown` holds texts, numbers, and tuples and frozen dataclasses of them.
    """
    holes = holes or {}
    # It may name a video's files, whose addresses end.
    moment = (get_language(), expiry())
    pieces = made(template_name, moment, tuple(holes), tuple(shown.items()))
    values = {name: conditional_escape(value) for name, value in holes.items()}
    return mark_safe(filled(pieces, values))  # noqa: S308 - a template's, and escaped


@lru_cache(maxsize=KEPT)
def made(template_name, moment, holes, shown):
    """The HTML in pieces, and between them the names of the holes."""
    texts, outlines = {}, []
    for name, value in shown:
        refuse_changeable(value)
        has_outline = hasattr(value, "outline")
        outline = blank(value.outline(), texts) if has_outline else value
        outlines.append((name, outline))
    question = template_name, moment, holes, tuple(outlines)
    if not texts:
        return rendered(*question)
    left_open = {name: hole(name) for name in holes}
    return HOLE.split(filled(pattern(*question), texts | left_open))


def blank(value, texts):
    """Of an outline, with holes for the texts, which are put beside it, escaped."""
    if type(value) is Outline:
        return Outline({name: blank(part, texts) for name, part in value.items()})
    if type(value) is tuple:
        return tuple(blank(part, texts) for part in value)
    if type(value) is not str or not value:
        return value
    number = str(len(texts))
    texts[number] = escape(value)
    return hole(number)


def rendered(template_name, moment, holes, shown):
    context = dict(shown) | {name: hole(name) for name in holes}
    return HOLE.split(get_template(template_name).render(context))


pattern = lru_cache(maxsize=PATTERNS_KEPT)(rendered)


def filled(pieces, values):
    parts = pieces.copy()
    parts[1::2] = [values[name] for name in pieces[1::2]]
    return "".join(parts)


def hole(name):
    return f"{MARK}-{name}-"


def refuse_changeable(value):
    """Only what equals itself by its content can be a key: no model, no query set.

    Nor a text that is marked safe: it equals the one that is not.
    """
    if type(value) in PLAIN:
        return
    if type(value) is tuple:
        parts = value
    elif dataclasses.is_dataclass(value) and value.__dataclass_params__.frozen:
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    else:
        raise TypeError(f"a fragment cannot show a {type(value).__name__}")
    for part in parts:
        refuse_changeable(part)
