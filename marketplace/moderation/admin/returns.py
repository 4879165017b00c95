from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from checkout import unsent_returns
from checkout.models import OrderConflict, ReturnLine, ReturnRequest
from checkout.return_requests import ReturnRefused
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.deciding import Choice
from marketplace.moderation.decisions import AlreadyDecided, trail


def close(request, user, reason):
    if not unsent_returns.close(request, reason, whatever_was_said=True):
        raise AlreadyDecided
    trail(request, user, f"{gettext('closed')}: {reason}")


def reopen(request, user, reason):
    try:
        unsent_returns.reopen(request, reason)
    except (OrderConflict, ReturnRefused) as refusal:
        raise AlreadyDecided from refusal
    trail(request, user, f"{gettext('opened again')}: {reason}")


class UnitsInline(DeskInline):
    model = ReturnLine
    fields = ["order_line_title", "quantity"]
    readonly_fields = ["order_line_title"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("order_line")

    @shown(_("product"))
    def order_line_title(self, line):
        return f"{line.order_line.title} {line.order_line.variant_title}"


@admin.register(ReturnRequest)
class ReturnRequestAdmin(DeskAdmin):
    choices = [
        Choice(
            "close",
            _("Close: not sent back"),
            act=close,
            is_possible=lambda found: found.status == ReturnRequest.Status.ACCEPTED,
            question=_(
                "Nothing is paid back then, and the shop gets its money. Say why: the "
                "buyer reads it."
            ),
            variant="danger",
        ),
        Choice(
            "reopen",
            _("Open again"),
            act=reopen,
            is_possible=lambda found: found.status == ReturnRequest.Status.CLOSED,
            question=_(
                "It can be sent back as if it had just been accepted, and the shop "
                "waits for its money again. Say why: the buyer reads it."
            ),
        ),
    ]
    list_display = [
        "row_number",
        "order",
        "state",
        "is_withdrawal",
        "send_by",
        "created_at",
    ]
    list_filter = ["status", "is_withdrawal"]
    list_select_related = ["order__group"]
    state = status_label(
        "status", _("status"), requested="warning", accepted="info", closed="danger"
    )
    fields = [
        "order_page",
        "status",
        "cause",
        "reason",
        "is_withdrawal",
        "answer_by",
        "answer",
        "send_by",
        "reminded_at",
        "sent_at",
        "proof",
        "created_at",
        "decided_at",
    ]
    readonly_fields = ["order_page"]
    inlines = [UnitsInline]

    @shown(_("order"))
    def order_page(self, request):
        return link_to(request.order)
