"""Paths of pages that are named hundreds of times on one page.

Django looks through the patterns each time, which takes as long as all else that a card
does.  Here a page's path is looked up once, and its parts are put in.
"""

from functools import cache
from urllib.parse import quote

from django.urls import reverse
from django.utils.http import RFC3986_SUBDELIMS

# Fits every kind of part, a number too; no path of the site has it.
PLACE = "90817263540"


def path_to(view_name: str, *parts: str | int) -> str:
    """As `reverse` for parts that are known to fit, as those of rows are."""
    between = pieces(view_name, len(parts))
    spelled = [quote(str(part), safe=RFC3986_SUBDELIMS + "/~:@") for part in parts]
    rest = zip(spelled, between[1:], strict=True)
    return between[0] + "".join(part + piece for part, piece in rest)


@cache
def pieces(view_name, count):
    return reverse(view_name, args=[PLACE] * count).split(PLACE)
