"""Money is looked at here and never changed: the books are append-only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from checkout.models import (
    JournalEntry,
    LedgerLine,
    Payment,
    Refund,
    StripeEvent,
    Transfer,
)
from marketplace.moderation.admin.base import DeskAdmin, DeskInline, link_to, shown
from marketplace.money import format_minor


class AmountMixin:
    """A column for the models that keep an amount beside its currency."""

    @shown(_("amount"))
    def amount(self, row):
        return format_minor(row.amount_minor, row.currency)


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
        "created_at",
        "succeeded_at",
    ]
    readonly_fields = ["checkout", "amount"]

    @shown(_("checkout"))
    def checkout(self, payment):
        return link_to(payment.group)


@admin.register(Refund)
class RefundAdmin(AmountMixin, DeskAdmin):
    list_display = ["pk", "order", "status", "amount", "reason", "created_at"]
    list_filter = ["status"]
    list_select_related = ["order__group", "payment__group"]
    fields = [
        "order_page",
        "stripe_refund_id",
        "status",
        "amount",
        "reason",
        "created_by",
        "created_at",
        "succeeded_at",
    ]
    readonly_fields = ["order_page", "amount"]

    @shown(_("order"))
    def order_page(self, refund):
        return link_to(refund.order or refund.payment.group)


@admin.register(Transfer)
class TransferAdmin(AmountMixin, DeskAdmin):
    list_display = ["pk", "order", "status", "amount", "created_at", "paid_at"]
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


@admin.register(StripeEvent)
class StripeEventAdmin(DeskAdmin):
    list_display = ["event_id", "type", "applied_at"]
    search_fields = ["event_id__exact"]
