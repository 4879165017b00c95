"""Which tax a place has: by a table, the one thing that another source replaces.

The table is the file beside this one, or the operator's (`TAX_RATES_FILE`).  The other
source is Stripe Tax: `stripe_tax`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from checkout.pricing import TaxRate
from sellers.models import Product

TaxClass = Product.TaxClass
BUILT_IN = Path(__file__).with_name("tax_rates.json")
WHOLE = 10_000
OPTIONAL = {"reduced_basis_points", "is_included", "regions", "name"}


class BadTaxTable(Exception):
    """The operator's file cannot be used; the message says why."""


class TaxUnknown(Exception):
    """Nobody can say now which tax is due, so nothing is ordered."""


def always() -> bool:
    return True


@dataclass(frozen=True)
class Place:
    """Where it goes, of which cart; `is_binding`: Stripe has been asked by now.

    `may_ask`: whether who looks has not asked Stripe too often; each call counts.
    """

    address: Mapping[str, str]
    cart_pk: int
    is_binding: bool = False
    may_ask: Callable[[], bool] = always

    @property
    def is_whole(self) -> bool:
        """Else it is not worth a question: the table is near enough meanwhile.

        Not every country has postal codes; a town every address that is ordered to.
        """
        known = self.address.get
        return bool(known("country") and (known("postal_code") or known("city")))

    @property
    def region(self) -> str:
        return self.address.get("region", "")


@lru_cache(maxsize=4)
def read_table(path: Path) -> dict[str, dict]:
    try:
        table = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise BadTaxTable(f"{path}: {error}") from error
    if not isinstance(table, dict):
        raise BadTaxTable(f"{path}: an object of countries is expected")
    for country, entry in table.items():
        check(f"{path}, {country}", entry)
    return table


def check(place: str, entry: object) -> None:
    if not isinstance(entry, dict):
        raise BadTaxTable(f"{place}: an object is expected")
    if unknown := entry.keys() - OPTIONAL - {"basis_points"}:
        raise BadTaxTable(f"{place}: {', '.join(sorted(unknown))} is not known")
    for name in ("basis_points", "reduced_basis_points"):
        rate = entry.get(name, 0 if name in OPTIONAL else None)
        if type(rate) is not int or not 0 <= rate <= WHOLE:
            raise BadTaxTable(f"{place}: {name} is a whole number from 0 to {WHOLE}")
    if type(entry.get("is_included", False)) is not bool:
        raise BadTaxTable(f"{place}: is_included is true or false")
    regions = entry.get("regions", {})
    if not isinstance(regions, dict):
        raise BadTaxTable(f"{place}: regions is an object")
    for region, part in regions.items():
        check(f"{place}, {region}", part)


def table() -> dict[str, dict]:
    return read_table(Path(settings.TAX_RATES_FILE or BUILT_IN))


def rates_for(country: str, region: str = "") -> dict[str, TaxRate]:
    """The rate of each tax class there; in unknown countries the default, on top."""
    default = {"basis_points": settings.DEFAULT_TAX_BASIS_POINTS}
    entry = table().get(country, default)
    rates = {**entry, **region_of(entry, region)}
    standard = rates["basis_points"]
    is_included = entry.get("is_included", False)
    return {
        TaxClass.STANDARD: TaxRate(standard, is_included),
        TaxClass.REDUCED: TaxRate(
            rates.get("reduced_basis_points", standard), is_included
        ),
        TaxClass.ZERO: TaxRate(0, is_included),
    }


def region_of(entry: dict, region: str) -> dict:
    """A region has a code and a name: people type either."""
    typed = " ".join(region.split()).casefold()
    for code, rates in entry.get("regions", {}).items():
        if typed and typed in {code.casefold(), rates.get("name", "").casefold()}:
            return rates
    return {}
