"""What Stripe Tax was told of orders and refunds, and what it does not take."""

import re

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from checkout import gateway, tax_records
from checkout.models import TaxRecord, TaxReversal
from marketplace.moderation.admin.base import DeskAdmin, link_to, shown
from marketplace.moderation.deciding import Choice
from marketplace.moderation.decisions import AlreadyDecided, trail

LEFT, TOLD, WAITING = _("Left to people"), _("Told"), _("Waiting")


def tell_again(row, user, reason):
    if not tax_records.tell_again(row):
        raise AlreadyDecided
    trail(row, user, gettext("told again"))


def enter(row, user, transaction_id):
    """What Stripe says itself of the number goes to who entered it."""
    if not re.fullmatch(r"tax_\w+", transaction_id):
        raise ValidationError(gettext("Such a number begins with “tax_”."))
    try:
        is_entered = tax_records.enter(row, transaction_id)
    except tax_records.NotOurs as other:
        raise ValidationError(
            gettext("That is of “%(other)s”; looked for is “%(ours)s”.")
            % {"other": other, "ours": row.reference}
        ) from other
    except gateway.GatewayError as refusal:
        raise ValidationError(str(refusal)) from refusal
    if not is_entered:
        raise AlreadyDecided
    trail(row, user, gettext("entered %s") % transaction_id)


class ProblemFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("left", LEFT), ("waiting", WAITING), ("told", TOLD)]

    def queryset(self, request, queryset):
        if self.value() == "left":
            return queryset.exclude(problem="")
        if self.value() == "waiting":
            return queryset.filter(stripe_transaction_id="", problem="")
        if self.value() == "told":
            return queryset.filter(problem="").exclude(stripe_transaction_id="")
        return queryset


class SentTaxAdmin(DeskAdmin):
    list_filter = [ProblemFilter]
    choices = [
        Choice(
            "again",
            _("Tell Stripe again"),
            act=tell_again,
            is_possible=lambda row: bool(row.problem) and row.is_unfinished,
            is_told=False,
        ),
        Choice(
            "enter",
            _("Stripe has it already"),
            act=enter,
            is_possible=lambda row: bool(row.problem) and row.is_unfinished,
            question=_(
                "Where Stripe says that the reference exists, it was told before and "
                "its answer was lost. Enter the number that it has in Stripe's "
                "dashboard, under Tax, Transactions. It is compared with Stripe first."
            ),
            asks_for=_("Number of the transaction"),
            variant="default",
            is_told=False,
        ),
    ]

    @display(
        description=_("state"),
        label={LEFT: "danger", TOLD: "success", WAITING: "warning"},
    )
    def state(self, row):
        if row.problem:
            return LEFT
        return TOLD if row.stripe_transaction_id else WAITING

    @shown(_("at Stripe"))
    def transaction(self, row):
        return row.stripe_transaction_id or "–"

    @shown(_("problem"))
    def why(self, row):
        return row.problem or "–"


@admin.register(TaxRecord)
class TaxRecordAdmin(SentTaxAdmin):
    list_display = ["__str__", "state", "why", "created_at"]
    list_select_related = ["order__group"]
    search_fields = ["order__group__number"]
    search_help_text = _("The order's number, in full.")
    fields = ["order_page", "state", "why", "transaction", "calculation", "created_at"]
    readonly_fields = ["order_page", "state", "why", "transaction", "calculation"]

    @shown(_("order"))
    def order_page(self, record):
        return link_to(record.order)

    @shown(_("calculation"))
    def calculation(self, record):
        return record.stripe_calculation_id


@admin.register(TaxReversal)
class TaxReversalAdmin(SentTaxAdmin):
    list_display = ["__str__", "state", "why", "created_at"]
    list_select_related = ["refund__order__group"]
    fields = ["refund_page", "state", "why", "transaction", "undone", "created_at"]
    readonly_fields = ["refund_page", "state", "why", "transaction", "undone"]

    @shown(_("refund"))
    def refund_page(self, reversal):
        return link_to(reversal.refund)

    @shown(_("owed again, as the loss was won after all"))
    def undone(self, reversal):
        return reversal.undone_transaction_id or "–"
