"""Pieces of pages that are made once and kept.

The template of a fragment sees nothing but the values it is given, and those are its
key: a new price or title is another fragment, so none can be stale or somebody
else's.  What differs with each request, like the CSRF token, is a hole in it that is
filled afterwards.
"""

import dataclasses
import secrets
from datetime import datetime
from functools import lru_cache

from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from marketplace.video_addresses import expiry

# About 5 KB each.
KEPT = 2000
# Unguessable, so that no title or description can hold a hole.
MARK = secrets.token_hex(8)

PLAIN = {str, int, float, bool, datetime, type(None)}


def fragment(template_name: str, holes: dict | None = None, **shown) -> SafeString:
    """The template with what it shows, in the language of the moment.

    `shown` holds texts, numbers, and tuples and frozen dataclasses of them.
    """
    holes = holes or {}
    # It may name a video's files, whose addresses end.
    moment = (get_language(), expiry())
    html = made(template_name, moment, tuple(holes), tuple(shown.items()))
    for name, value in holes.items():
        html = html.replace(hole(name), conditional_escape(value))
    return mark_safe(html)  # noqa: S308 - a template's, and escaped values


@lru_cache(maxsize=KEPT)
def made(template_name, moment, holes, shown):
    for _name, value in shown:
        refuse_changeable(value)
    context = dict(shown) | {name: hole(name) for name in holes}
    return get_template(template_name).render(context)


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
