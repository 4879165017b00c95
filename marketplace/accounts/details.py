"""What pages ask about an account beside its row, for all of it at once.

Apps say how each is found, as a subquery of accounts.  While a page is read, they are
kept with the request; where something may be changed, each is asked for where it is
shown.
"""

from collections.abc import Callable

from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, Expression, OuterRef, Subquery
from django.http import HttpRequest

from marketplace.accounts.models import Address
from marketplace.prepared import Given, Prepared

UNREAD, IN_CART, COUNTRY = "unread", "in cart", "country"
DETAILS: dict[str, Callable[[], Expression]] = {}
# What their SQL is given of the request, by the name that it has in there.
GIVEN: dict[str, Callable[[HttpRequest], object]] = {}
READING = {"GET", "HEAD"}


def expressions() -> list[Expression]:
    return [found() for found in DETAILS.values()]


def given(request) -> dict:
    return {name: of_request(request) for name, of_request in GIVEN.items()}


def are_kept(request) -> bool:
    return request.method in READING


def keep(request, user_pk: int, found) -> dict:
    """In the order of `DETAILS`."""
    details = dict(zip(DETAILS, found, strict=True))
    if are_kept(request):
        request.account_details = user_pk, details
    return details


def forget(request) -> None:
    """This page has changed one of them."""
    if hasattr(request, "account_details"):
        del request.account_details


def kept(request, name: str):
    return kept_of(request).get(name)


def kept_of(request) -> dict:
    """Of who is signed in now; empty where nothing was asked."""
    user_pk, details = getattr(request, "account_details", (None, {}))
    return details if user_pk == request.user.pk else {}


def all_of(request) -> dict:
    """Of an account that is signed in, in one query if nobody has asked yet."""
    if details := kept_of(request):
        return details
    user_pk = request.user.pk
    [found] = ROWS.rows(account=user_pk, **given(request))
    return keep(request, user_pk, found)


def rows():
    accounts = get_user_model().objects.filter(pk=Given("account", BigIntegerField()))
    return accounts.values_list(*expressions())


ROWS = Prepared(rows)


def country_of_account() -> Expression:
    """Where the parcels of an outer query's account go; null where nobody knows."""
    addresses = Address.objects.filter(user=OuterRef("pk"))
    return Subquery(addresses.values("country")[:1])
