"""Addresses made from names."""

from django.db.models import QuerySet
from django.utils.text import slugify

LONGEST = 70

# What an address must not be taken for: “follow” stands after a shop's own.
RESERVED = {"admin", "api", "follow", "help", "new", "static", "support", "vitrine"}


def slug_of(text: str, fallback: str) -> str:
    return slugify(text)[:LONGEST].strip("-") or fallback


def free_slug(taken: QuerySet, text: str, fallback: str) -> str:
    """The first of “lamp”, “lamp-2”, “lamp-3” that nothing in `taken` has."""
    stem = slug_of(text, fallback)
    same = set(taken.filter(slug__startswith=stem).values_list("slug", flat=True))
    same |= RESERVED
    slug, number = stem, 1
    while slug in same:
        number += 1
        slug = f"{stem}-{number}"
    return slug
