from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _

from checkout.models import Dispute, Refund
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.disputing import answer
from marketplace.money import format_minor


class LostInline(DeskInline):
    model = Refund
    verbose_name_plural = _("charged to the shops")
    fields = ["order_page", "status", "amount", "from_shop", "commission"]
    readonly_fields = ["order_page", "amount", "from_shop", "commission"]

    @shown(_("order"))
    def order_page(self, refund):
        return link_to(refund.order)

    @shown(_("amount"))
    def amount(self, refund):
        return format_minor(refund.amount_minor, refund.currency)

    @shown(_("from the shop's balance"))
    def from_shop(self, refund):
        return format_minor(refund.seller_share_minor, refund.currency)

    @shown(_("from our commission"))
    def commission(self, refund):
        return format_minor(refund.commission_minor, refund.currency)


class ToDoFilter(admin.SimpleListFilter):
    title = _("what is to be done")
    parameter_name = "todo"

    def lookups(self, request, model_admin):
        return [("answer", _("To be answered")), ("open", _("Undecided"))]

    def queryset(self, request, queryset):
        if self.value() == "answer":
            return queryset.to_answer()
        return queryset.open() if self.value() == "open" else queryset


@admin.register(Dispute)
class DisputeAdmin(DeskAdmin):
    list_display = ["stripe_dispute_id", "checkout", "state", "amount", "due"]
    list_filter = [ToDoFilter, "status"]
    list_select_related = ["payment__group"]
    search_fields = ["stripe_dispute_id__exact"]
    state = status_label(
        "status",
        _("status"),
        needs_response="danger",
        warning_needs_response="warning",
        won="success",
        lost="danger",
    )
    fields = [
        "stripe_dispute_id",
        "checkout",
        "orders",
        "status",
        "reason",
        "amount",
        "withdrawn",
        "due",
        "created_at",
        "closed_at",
    ]
    readonly_fields = ["checkout", "orders", "amount", "withdrawn", "due"]
    inlines = [LostInline]
    change_form_before_template = "moderation/_dispute_actions.html"

    def get_urls(self):
        view = self.admin_site.admin_view(self.answer)
        name = "checkout_dispute_answer"
        return [path("<path:object_id>/answer/", view, name=name), *super().get_urls()]

    def answer(self, request, object_id):
        return answer(self, request, object_id)

    @shown(_("checkout"))
    def checkout(self, dispute):
        return link_to(dispute.payment.group)

    @shown(_("shops"))
    def orders(self, dispute):
        orders = dispute.payment.group.orders.select_related("seller")
        return ", ".join(order.seller.name for order in orders)

    @shown(_("amount"))
    def amount(self, dispute):
        return format_minor(dispute.amount_minor, dispute.currency)

    @shown(_("the bank has"))
    def withdrawn(self, dispute):
        return format_minor(dispute.withdrawn_minor, dispute.currency)

    @shown(_("evidence due"))
    def due(self, dispute):
        return dispute.evidence_due_at if dispute.is_to_answer else None
