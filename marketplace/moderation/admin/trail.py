from auditlog.models import LogEntry
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from marketplace.moderation.admin.base import DeskAdmin, changes, shown

admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class TrailAdmin(DeskAdmin):
    """Who changed what, and when: read only, for everybody."""

    list_display = ["timestamp", "actor", "action", "content_type", "object_repr"]
    list_filter = ["action"]
    list_select_related = ["actor", "content_type"]
    fields = ["timestamp", "actor", "action", "object_repr", "what"]
    readonly_fields = ["what"]

    @shown(_("changes"))
    def what(self, entry):
        return changes(entry) or "–"
