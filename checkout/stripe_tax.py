"""Taxes as Stripe Tax computes them: a calculation for each seller's order.

Stripe is asked while the page is made, before anything is locked; the answer is kept,
and the order is made of what is known by then.  What prices include stays as the table
says: people see the same prices whoever computes the tax.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import tax_questions
from checkout.models import TaxCalculation
from checkout.pricing import GroupAmounts, KnownTax, OrderAmounts, SellerLines
from checkout.taxes import Place, TaxUnknown
from sellers.models import Seller

# Rates change at midnight.
KEPT_FOR = timedelta(hours=12)
DELIVERY = "delivery"


@dataclass(frozen=True)
class Shop:
    """One seller's part: whose it is, and the tax class of each line by its key."""

    seller: Seller
    classes: Mapping[int, str]
    currency: str


def assess(
    parts: list[SellerLines], amounts: GroupAmounts, shops: list[Shop], place: Place
) -> tuple[list[SellerLines], list[TaxCalculation | None]]:
    """Each seller's part with the taxes that Stripe says, and what says so.

    An order is by Stripe or by the table as a whole: by the table while people look,
    and, where Stripe gives no answer, for an order only with `STRIPE_TAX_FALLBACK`.
    """
    requests = [
        request_for(part, order, shop, place)
        for part, order, shop in zip(parts, amounts.orders, shops, strict=True)
    ]
    found = known_or_asked([request for request in requests if request], place)
    if any(known is None for known in found):
        if place.is_binding and not settings.STRIPE_TAX_FALLBACK:
            raise TaxUnknown(
                _(
                    "The tax for this address cannot be computed. Look over postal "
                    "code and region, or try again in a minute."
                )
            )
        return parts, [None] * len(parts)
    answers = iter(found)
    calculations = [next(answers) if request else None for request in requests]
    return [
        assessed(part, known) if known else part
        for part, known in zip(parts, calculations, strict=True)
    ], calculations


def assessed(part: SellerLines, known: TaxCalculation) -> SellerLines:
    """The same part with the taxes that Stripe says."""
    is_included = part.lines[0].tax.is_included

    def tax_of(name):
        tax_minor, basis_points = known.taxes.get(name, (0, 0))
        return KnownTax(basis_points, is_included, tax_minor)

    lines = [replace(line, tax=tax_of(name_of(line.key))) for line in part.lines]
    return replace(part, lines=lines, delivery_tax=tax_of(DELIVERY))


def name_of(key: int) -> str:
    return f"variant:{key}"


def request_for(
    part: SellerLines, amounts: OrderAmounts, shop: Shop, place: Place
) -> dict | None:
    """What is to be asked; None of what costs nothing."""
    behavior = "inclusive" if part.lines[0].tax.is_included else "exclusive"
    codes = settings.STRIPE_TAX_CODES
    lines = []
    for line, priced in zip(part.lines, amounts.lines, strict=True):
        shown_minor = priced.listed_minor - priced.discount_minor
        if shown_minor:
            lines.append(
                {
                    "amount": shown_minor,
                    "quantity": line.quantity,
                    "reference": name_of(line.key),
                    "tax_behavior": behavior,
                    "tax_code": codes[shop.classes[line.key]],
                }
            )
    if not lines:
        return None
    request = {
        "currency": shop.currency.lower(),
        "customer_details": {
            "address": stripe_address(place.address),
            "address_source": "shipping",
        },
        "line_items": lines,
        "ship_from_details": {"address": {"country": str(shop.seller.country)}},
    }
    if amounts.shipping.shown_minor:
        request["shipping_cost"] = {
            "amount": amounts.shipping.shown_minor,
            "tax_behavior": behavior,
            "tax_code": codes[DELIVERY],
        }
    return request


def stripe_address(address: Mapping[str, str]) -> dict:
    names = {"line1": "line1", "line2": "line2", "city": "city", "region": "state"}
    names |= {"postal_code": "postal_code", "country": "country"}
    return {
        theirs: str(address[ours])
        for ours, theirs in names.items()
        if address.get(ours)
    }


def known_or_asked(requests: list[dict], place: Place) -> list[TaxCalculation | None]:
    """Within an order nobody is asked: locks are held."""
    keys = [key_of(request, place) for request in requests]
    since = timezone.now() - KEPT_FOR
    kept = TaxCalculation.objects.filter(key__in=keys, created_at__gte=since)
    known = {calculation.key: calculation for calculation in kept}
    new = {
        key: request
        for key, request in zip(keys, requests, strict=True)
        if key not in known
    }
    if new and not place.is_binding and place.is_whole and place.may_ask():
        answers = tax_questions.answers_to(list(new.values()))
        for key, answer in zip(new, answers, strict=True):
            if answer is not None:
                known[key] = keep(key, answer)
    return [known.get(key) for key in keys]


def key_of(request: dict, place: Place) -> str:
    asked = json.dumps([place.cart_pk, request], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def keep(key: str, answer: dict) -> TaxCalculation:
    """A second page may have asked meanwhile; whichever is kept is right."""
    return TaxCalculation.objects.update_or_create(
        key=key,
        defaults={
            "stripe_calculation_id": answer["id"],
            "taxes": taxes_in(answer),
            "created_at": timezone.now(),
        },
    )[0]


def taxes_in(answer: dict) -> dict[str, list[int]]:
    found = {item["reference"]: item for item in answer["line_items"]["data"]}
    found[DELIVERY] = answer.get("shipping_cost") or {"amount_tax": 0}
    return {
        name: [item["amount_tax"], basis_points_of(item)]
        for name, item in found.items()
    }


def basis_points_of(item: dict) -> int:
    """All that is due on it together, as people read it."""
    parts = item.get("tax_breakdown") or []
    rates = [part.get("tax_rate_details") or {} for part in parts]
    return round(
        sum(float(rate.get("percentage_decimal") or 0) for rate in rates) * 100
    )
