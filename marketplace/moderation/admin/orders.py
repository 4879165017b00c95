from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _

from checkout.models import (
    Fulfillment,
    Order,
    OrderGroup,
    OrderLine,
    Payment,
    Refund,
    ReturnRequest,
    Transfer,
)
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.admin.invoices import InvoiceInline
from marketplace.moderation.refunding import refund
from marketplace.money import format_minor


class OrderInline(DeskInline):
    model = Order
    fields = ["page", "seller", "status", "total", "refunded", "dispatch_by"]
    readonly_fields = ["page", "total", "refunded"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("group", "seller")

    @shown(_("order"))
    def page(self, order):
        return link_to(order)

    @shown(_("total"))
    def total(self, order):
        return format_minor(order.total_minor, order.group.currency)

    @shown(_("refunded"))
    def refunded(self, order):
        return format_minor(order.refunded_minor, order.group.currency)


class PaymentInline(DeskInline):
    model = Payment
    fields = ["payment_intent_id", "status", "amount", "last_error", "succeeded_at"]
    readonly_fields = ["amount"]

    @shown(_("amount"))
    def amount(self, payment):
        return format_minor(payment.amount_minor, payment.currency)


@admin.register(OrderGroup)
class OrderGroupAdmin(DeskAdmin):
    list_display = ["number", "email", "state", "total", "created_at", "paid_at"]
    list_filter = ["status"]
    state = status_label(
        "status", _("status"), pending="warning", paid="success", refunded="danger"
    )
    search_fields = ["number__exact", "email__exact", "payment__payment_intent_id"]
    search_help_text = _("Number, email address or PaymentIntent, in full.")
    fieldsets = [
        (None, {"fields": ["number", "status", "email", "user", "created_at"]}),
        (_("Money"), {"fields": ["items", "shipping", "tax", "total", "paid_at"]}),
        (_("Delivered to"), {"fields": ["address"]}),
    ]
    readonly_fields = ["items", "shipping", "tax", "total", "address"]
    inlines = [OrderInline, PaymentInline]
    change_form_before_template = "moderation/_order_actions.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.refund)
        name = "checkout_ordergroup_refund"
        return [path("<path:object_id>/refund/", view, name=name), *super().get_urls()]

    def refund(self, request, object_id):
        return refund(self, request, object_id)

    def get_search_results(self, request, queryset, search_term):
        word = search_term.strip()
        if not word:
            return queryset, False
        if word.startswith("pi_"):
            return queryset.filter(payment__payment_intent_id=word), False
        field = "email__iexact" if "@" in word else "number"
        return queryset.filter(**{field: word}), False

    @shown(_("items"))
    def items(self, group):
        return format_minor(group.items_minor, group.currency)

    @shown(_("delivery"))
    def shipping(self, group):
        return format_minor(group.shipping_minor, group.currency)

    @shown(_("tax"))
    def tax(self, group):
        return format_minor(group.tax_minor, group.currency)

    @shown(_("total"))
    def total(self, group):
        return format_minor(group.total_minor, group.currency)

    @shown(_("address"))
    def address(self, group):
        return ", ".join(group.lines())


class LineInline(DeskInline):
    model = OrderLine
    fields = [
        "title",
        "variant_title",
        "sku",
        "quantity",
        "total",
        "commission",
        "refunded_quantity",
        "through",
    ]
    readonly_fields = ["total", "commission", "through"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("order__group")

    @shown(_("through"))
    def through(self, line):
        if not line.video_title:
            return "–"
        parts = [f"“{line.video_title}”", line.get_video_way_display(), line.tag_time]
        return " · ".join(filter(None, parts))

    @shown(_("total"))
    def total(self, line):
        return format_minor(line.total_minor, line.order.group.currency)

    @shown(_("commission"))
    def commission(self, line):
        return format_minor(line.commission_minor, line.order.group.currency)


class ParcelInline(DeskInline):
    model = Fulfillment
    fields = ["carrier", "tracking_number", "status", "shipped_at", "delivered_at"]


class RefundInline(DeskInline):
    model = Refund
    fk_name = "order"
    fields = ["status", "amount", "goodwill", "reason", "created_at", "succeeded_at"]
    readonly_fields = ["amount", "goodwill"]

    @shown(_("amount"))
    def amount(self, refund):
        return format_minor(refund.amount_minor, refund.currency)

    @shown(_("of it goodwill"))
    def goodwill(self, refund):
        return format_minor(refund.goodwill_minor, refund.currency)


class ReturnInline(DeskInline):
    model = ReturnRequest
    fields = ["status", "cause", "reason", "is_withdrawal", "answer_by", "send_by"]
    show_change_link = True


class TransferInline(DeskInline):
    model = Transfer
    fields = ["kind", "status", "amount", "stripe_transfer_id", "created_at"]
    readonly_fields = ["amount"]

    def get_formset(self, request, obj=None, **kwargs):
        # An inline is made anew for each request.
        self.show_change_link = request.user.has_perm("checkout.view_transfer")
        return super().get_formset(request, obj, **kwargs)

    @shown(_("amount"))
    def amount(self, transfer):
        return format_minor(transfer.amount_minor, transfer.currency)


class DispatchFilter(admin.SimpleListFilter):
    title = _("dispatch")
    parameter_name = "dispatch"

    def lookups(self, request, model_admin):
        return [("late", _("Past its date")), ("due", _("Still to ship"))]

    def queryset(self, request, queryset):
        if self.value() == "late":
            return queryset.late()
        return queryset.to_ship() if self.value() == "due" else queryset


@admin.register(Order)
class OrderAdmin(DeskAdmin):
    list_display = ["number", "seller", "state", "total", "dispatch_by", "shipped_at"]
    list_filter = [DispatchFilter, "status"]
    state = status_label(
        "status", _("status"), paid="warning", shipped="info", delivered="success"
    )
    list_select_related = ["group", "seller"]
    search_fields = ["group__number"]
    search_help_text = _("The order's number, in full.")
    fieldsets = [
        (None, {"fields": ["number", "buyer", "shop", "status", "cancel_reason"]}),
        (_("Money"), {"fields": ["total", "refunded", "ledger"]}),
        (
            _("History"),
            {
                "fields": [
                    "dispatch_by",
                    "shipped_at",
                    "delivered_at",
                    "completed_at",
                    "canceled_at",
                ]
            },
        ),
    ]
    readonly_fields = [
        "number",
        "buyer",
        "shop",
        "total",
        "refunded",
        "ledger",
    ]
    inlines = [
        LineInline,
        ParcelInline,
        RefundInline,
        ReturnInline,
        TransferInline,
        InvoiceInline,
    ]
    change_form_before_template = "moderation/_order_actions.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.refund)
        route = path("<path:object_id>/refund/", view, name="checkout_order_refund")
        return [route, *super().get_urls()]

    def refund(self, request, object_id):
        return refund(self, request, object_id)

    def get_search_results(self, request, queryset, search_term):
        number = search_term.strip().partition("-")[0]
        return (queryset.filter(group__number=number) if number else queryset), False

    @shown(_("number"))
    def number(self, order):
        return order.number

    @shown(_("checkout"))
    def buyer(self, order):
        return link_to(order.group)

    @shown(_("shop"))
    def shop(self, order):
        return link_to(order.seller)

    @shown(_("total"))
    def total(self, order):
        return format_minor(order.total_minor, order.group.currency)

    @shown(_("refunded"))
    def refunded(self, order):
        return format_minor(order.refunded_minor, order.group.currency)

    @shown(_("journal entries"))
    def ledger(self, order):
        entries = order.journal_entries.all()
        return ", ".join(entry.reference for entry in entries) or "–"
