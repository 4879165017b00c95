from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.moderation import decisions, looking_inside
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.deciding import Choice
from marketplace.moderation.models import ModerationDecision, Report


def is_open(report):
    return report.status == Report.Status.OPEN


class DecisionInline(DeskInline):
    model = ModerationDecision
    fields = ["action", "reason", "decided_by", "decided_at"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("decided_by")


@admin.register(Report)
class ReportAdmin(DeskAdmin):
    list_display = ["__str__", "reason", "state", "created_at"]
    list_filter = ["status", "reason"]
    state = status_label("status", _("status"), open="warning", upheld="danger")
    list_select_related = ["video", "product", "seller"]
    fields = [
        "what",
        "evidence",
        "reason",
        "details",
        "reporter",
        "reporter_email",
        "status",
        "others",
        "created_at",
    ]
    readonly_fields = ["what", "evidence", "reporter_email", "others"]
    inlines = [DecisionInline]
    choices = [
        Choice(
            "uphold",
            _("Uphold: remove what was reported"),
            decisions.uphold_report,
            is_open,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "dismiss",
            _("Dismiss"),
            decisions.dismiss_report,
            is_open,
            variant="default",
        ),
    ]

    @shown(_("reported"))
    def what(self, report):
        return link_to(report.subject)

    @shown(_("what was seen"))
    def evidence(self, report):
        return looking_inside.of_report(report)

    @shown(_("reporter's email"))
    def reporter_email(self, report):
        return report.email or "–"

    @shown(_("other open reports"))
    def others(self, report):
        return report.same_subject().open().exclude(pk=report.pk).count()


@admin.register(ModerationDecision)
class ModerationDecisionAdmin(DeskAdmin):
    list_display = ["action", "seller", "product", "video", "decided_by", "decided_at"]
    list_filter = ["action"]
    list_select_related = ["seller", "product", "video", "decided_by"]
    fields = [
        "action",
        "reason",
        "seller_page",
        "product",
        "video",
        "report",
        "decided_by",
        "decided_at",
    ]
    readonly_fields = ["seller_page"]

    @shown(_("shop"))
    def seller_page(self, decision):
        return link_to(decision.seller)
