"""The tree of categories, by the names that people choose and files give."""

import re
from dataclasses import dataclass

from sellers.models import Category

SEPARATOR = " › "


@dataclass(frozen=True)
class Branch:
    """A category with the names on the way to it from the top."""

    category: Category
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        return SEPARATOR.join(self.names)


def branches() -> list[Branch]:
    """The whole tree in reading order: each category, then what lies below it."""
    below: dict[int | None, list[Category]] = {}
    for category in Category.objects.all():
        below.setdefault(category.parent_id, []).append(category)
    found: list[Branch] = []
    waiting = [Branch(top, (top.name,)) for top in reversed(below.get(None, []))]
    while waiting:
        branch = waiting.pop()
        found.append(branch)
        waiting += [
            Branch(child, (*branch.names, child.name))
            for child in reversed(below.get(branch.category.pk, []))
        ]
    return found


def find_category(path: str) -> Category | None:
    """The last part of “Clothing > Hoodies” that the marketplace knows.

    Of several with that name, the one whose parents the path names too.
    """
    names = [name.strip().casefold() for name in re.split("[>›]", path)]
    names = [name for name in names if name]
    known = branches() if names else []
    while names:
        fitting = [b for b in known if b.names[-1].casefold() == names[-1]]
        if fitting:
            return max(fitting, key=lambda branch: likeness(branch, names)).category
        names.pop()
    return None


def likeness(branch: Branch, names: list[str]) -> int:
    """How many names agree, counted from the last."""
    pairs = zip(reversed(branch.names), reversed(names), strict=False)
    count = 0
    for own, given in pairs:
        if own.casefold() != given:
            break
        count += 1
    return count
