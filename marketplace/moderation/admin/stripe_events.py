"""The inbox of Stripe's events: what came, what became of it, and why not."""

import json

from django.contrib import admin, messages
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from checkout import inbox
from checkout.models import StripeEvent
from marketplace.moderation.admin.base import DeskAdmin, shown, status_label
from marketplace.moderation.deciding import Choice
from marketplace.moderation.decisions import AlreadyDecided, trail


def replay(event, user, reason):
    if not inbox.replay(event):
        raise AlreadyDecided
    trail(event, user, gettext("replayed"))


@admin.register(StripeEvent)
class StripeEventAdmin(DeskAdmin):
    list_display = [
        "event_id",
        "type",
        "state",
        "attempts",
        "why",
        "received_at",
        "version",
    ]
    list_filter = ["status", "is_of_other_version", "source"]
    search_fields = ["event_id__exact", "type__exact", "account__exact"]
    search_help_text = _("Event, type or connected account, in full.")
    state = status_label(
        "status", _("status"), received="warning", applied="success", failed="danger"
    )
    actions = ["replay_chosen"]
    choices = [
        Choice(
            "replay",
            _("Replay"),
            act=replay,
            is_possible=lambda event: event.is_replayable,
            is_told=False,
        )
    ]
    fieldsets = [
        (None, {"fields": ["event_id", "type", "account", "source"]}),
        (
            _("What became of it"),
            {
                "fields": [
                    "status",
                    "failure_reason",
                    "attempts",
                    "received_at",
                    "applied_at",
                    "due_at",
                ]
            },
        ),
        (
            _("As Stripe sent it"),
            {"fields": ["version", "body"]},
        ),
    ]
    readonly_fields = ["version", "body"]

    @shown(_("why"))
    def why(self, event):
        return event.failure_reason[:80] or "–"

    @display(description=_("API version"), label={"other": "danger"})
    def version(self, event):
        version = event.api_version or "–"
        return ("other", version) if event.is_of_other_version else version

    @shown(_("event"))
    def body(self, event):
        if not event.payload:
            return "–"
        text = json.dumps(event.payload, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    def has_replay_permission(self, request):
        return request.user.has_perm("moderation.add_moderationdecision")

    @admin.action(description=_("Replay"), permissions=["replay"])
    def replay_chosen(self, request, queryset):
        kept = queryset.exclude(payload={})
        count = len(kept)
        for event in kept:
            replay(event, request.user, "")
        text = ngettext("%d event is replayed.", "%d events are replayed.", count)
        messages.success(request, text % count)
