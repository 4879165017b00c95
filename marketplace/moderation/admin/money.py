"""Money is looked at here; but for what Stripe refused nothing is done by hand."""

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkout import bounced_refunds
from checkout.models import (
    JournalEntry,
    LedgerLine,
    Payment,
    PaymentAttempt,
    Payout,
    ReconciliationDifference,
    Refund,
    Reserve,
    SellerDebt,
    Transfer,
)
from marketplace.moderation.admin.base import DeskAdmin, DeskInline, link_to, shown
from marketplace.moderation.deciding import Choice
from marketplace.moderation.decisions import AlreadyDecided, trail
from marketplace.money import format_minor


class AmountMixin:
    """A column for the models that keep an amount beside its currency."""

    @shown(_("amount"))
    def amount(self, row):
        return format_minor(row.amount_minor, row.currency)


class AttemptInline(DeskInline):
    model = PaymentAttempt
    fields = ["reference", "is_paid", "code", "message", "method", "created_at"]


@admin.register(Payment)
class PaymentAdmin(AmountMixin, DeskAdmin):
    list_display = ["payment_intent_id", "group", "status", "amount", "created_at"]
    list_filter = ["status"]
    list_select_related = ["group"]
    search_fields = ["payment_intent_id__exact"]
    fields = [
        "checkout",
        "payment_intent_id",
        "charge_id",
        "status",
        "amount",
        "last_error",
        "is_processing",
        "asked_at",
        "created_at",
        "succeeded_at",
    ]
    readonly_fields = ["checkout", "amount"]
    inlines = [AttemptInline]

    @shown(_("checkout"))
    def checkout(self, payment):
        return link_to(payment.group)


def send_again(refund, user, reason):
    if not bounced_refunds.send_again(refund, user):
        raise AlreadyDecided
    trail(refund, user, ": ".join(filter(None, [gettext("sent again"), reason])))


def pay_otherwise(refund, user, reason):
    if not bounced_refunds.pay_otherwise(refund, user, reason):
        raise AlreadyDecided
    trail(refund, user, f"{gettext('paid by other means')}: {reason}")


class ToSettle(admin.SimpleListFilter):
    title = _("what is to be done")
    parameter_name = "todo"

    def lookups(self, request, model_admin):
        return [("settle", _("To be sent again or paid"))]

    def queryset(self, request, queryset):
        return queryset.to_settle() if self.value() == "settle" else queryset


@admin.register(Refund)
class RefundAdmin(AmountMixin, DeskAdmin):
    choices = [
        Choice(
            "send-again",
            _("Send again"),
            act=send_again,
            is_possible=lambda refund: refund.is_to_settle,
        ),
        Choice(
            "pay-otherwise",
            _("Paid by other means"),
            act=pay_otherwise,
            is_possible=lambda refund: refund.is_to_settle,
            permission="checkout.change_refund",
            question=_(
                "Once you have paid it: say how and when, as the buyer knows it. They "
                "get your words by email, and the books count it as paid from our bank."
            ),
            variant="default",
        ),
    ]
    list_display = ["row_number", "order", "status", "amount", "reason", "created_at"]
    list_filter = [ToSettle, "status"]
    list_select_related = ["order__group", "payment__group"]
    fields = [
        "order_page",
        "stripe_refund_id",
        "status",
        "stripe_status",
        "came_back_at",
        "instead",
        "again",
        "paid_otherwise",
        "amount",
        "tax",
        "goodwill",
        "reason",
        "created_by",
        "created_at",
        "succeeded_at",
    ]
    readonly_fields = ["order_page", "amount", "tax", "goodwill", "instead", "again"]

    @shown(_("order"))
    def order_page(self, refund):
        return link_to(refund.order or refund.payment.group)

    @shown(_("in place of"))
    def instead(self, refund):
        return link_to(refund.instead_of)

    @shown(_("paid again with"))
    def again(self, refund):
        return link_to(getattr(refund, "successor", None))

    @shown(_("tax in it"))
    def tax(self, refund):
        return format_minor(refund.tax_minor, refund.currency)

    @shown(_("of it goodwill"))
    def goodwill(self, refund):
        return format_minor(refund.goodwill_minor, refund.currency)


@admin.register(Transfer)
class TransferAdmin(AmountMixin, DeskAdmin):
    list_display = ["row_number", "order", "status", "amount", "created_at", "paid_at"]
    list_filter = ["status"]
    list_select_related = ["order__group"]
    search_fields = ["stripe_transfer_id__exact"]
    fields = [
        "order_page",
        "stripe_transfer_id",
        "status",
        "amount",
        "reversed",
        "created_at",
        "paid_at",
    ]
    readonly_fields = ["order_page", "amount", "reversed"]

    @shown(_("order"))
    def order_page(self, transfer):
        return link_to(transfer.order)

    @shown(_("reversed"))
    def reversed(self, transfer):
        return format_minor(transfer.reversed_minor, transfer.currency)


@admin.register(SellerDebt)
class SellerDebtAdmin(AmountMixin, DeskAdmin):
    list_display = ["row_number", "order", "amount", "left", "created_at"]
    list_select_related = ["order__group"]
    fields = ["order_page", "amount", "left", "created_at"]
    readonly_fields = ["order_page", "amount", "left"]

    @shown(_("order"))
    def order_page(self, debt):
        return link_to(debt.order)

    @shown(_("still owed"))
    def left(self, debt):
        return format_minor(debt.left_minor, debt.currency)


@admin.register(Reserve)
class ReserveAdmin(AmountMixin, DeskAdmin):
    list_display = [
        "row_number",
        "order",
        "amount",
        "left",
        "release_at",
        "released_at",
    ]
    list_select_related = ["order__group"]
    fields = ["order_page", "amount", "left", "release_at", "released_at"]
    readonly_fields = ["order_page", "amount", "left"]

    @shown(_("order"))
    def order_page(self, reserve):
        return link_to(reserve.order)

    @shown(_("not given back to the buyer"))
    def left(self, reserve):
        return format_minor(reserve.left_minor, reserve.currency)


@admin.register(Payout)
class PayoutAdmin(AmountMixin, DeskAdmin):
    list_display = ["stripe_payout_id", "seller", "status", "amount", "arrives_on"]
    list_filter = ["status"]
    list_select_related = ["seller"]
    search_fields = ["stripe_payout_id__exact"]
    fields = [
        "seller",
        "stripe_payout_id",
        "status",
        "amount",
        "arrives_on",
        "failure_reason",
        "created_at",
    ]
    readonly_fields = ["amount"]


class IsOpen(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "open"

    def lookups(self, request, model_admin):
        return [("1", _("open")), ("0", _("gone"))]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        return queryset.filter(gone_at__isnull=self.value() == "1")


@admin.register(ReconciliationDifference)
class ReconciliationDifferenceAdmin(DeskAdmin):
    """As `manage.py reconcile` found them, in whole units of their currency."""

    list_display = ["subject", "kind", "type", "at_stripe", "in_books", "found_at"]
    list_filter = [IsOpen, "kind"]
    search_fields = ["subject__exact", "source__exact"]
    fields = [
        "subject",
        "kind",
        "type",
        "source",
        "at_stripe",
        "in_books",
        "happened_at",
        "found_at",
        "seen_at",
        "gone_at",
    ]
    readonly_fields = ["at_stripe", "in_books"]

    @shown(_("at Stripe"))
    def at_stripe(self, row):
        return self.amount_of(row.stripe_minor, row.currency)

    @shown(_("in the books"))
    def in_books(self, row):
        return self.amount_of(row.books_minor, row.currency)

    def amount_of(self, amount_minor, currency):
        return "–" if amount_minor is None else format_minor(amount_minor, currency)


class LedgerLineInline(DeskInline):
    model = LedgerLine
    fields = ["account", "amount"]
    readonly_fields = ["amount"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("account__seller")

    @shown(_("debit (+) or credit (−)"))
    def amount(self, line):
        return format_minor(line.amount_minor, line.account.currency)


@admin.register(JournalEntry)
class JournalEntryAdmin(DeskAdmin):
    list_display = ["reference", "kind", "order", "created_at"]
    list_filter = ["kind"]
    list_select_related = ["order__group"]
    search_fields = ["reference__exact"]
    fields = ["kind", "reference", "order_page", "created_at"]
    readonly_fields = ["order_page"]
    inlines = [LedgerLineInline]

    @shown(_("order"))
    def order_page(self, entry):
        return link_to(entry.order)
