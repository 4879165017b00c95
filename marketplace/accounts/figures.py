"""What the bars of every page show of an account, for pages that ask for all at once.

Apps say how each figure is found, as a subquery of accounts.  A page that reads the
account's row anyway adds them and keeps what was found with the request; on others each
is asked for where it is shown.
"""

from collections.abc import Callable, Iterable

from django.db.models import Expression

UNREAD, IN_CART = "unread", "in cart"
FIGURES: dict[str, Callable[[], Expression]] = {}


def keep(request, figures: Iterable[int]) -> None:
    """In the order of `FIGURES`."""
    request.account_figures = dict(zip(FIGURES, figures, strict=True))


def kept(request, name: str) -> int | None:
    return getattr(request, "account_figures", {}).get(name)
