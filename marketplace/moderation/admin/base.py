"""What all pages of the desk share."""

import json

from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from marketplace.moderation.deciding import Choice, decide

TRAIL_LENGTH = 20


class EstimatingPaginator(Paginator):
    """Counts to a thousand; beyond that it believes PostgreSQL's planner.

    A full COUNT(*) reads a million rows for a number that nobody needs exactly.
    """

    EXACT_UP_TO = 1000

    @cached_property
    def count(self):
        seen = self.object_list.order_by()[: self.EXACT_UP_TO + 1].count()
        return seen if seen <= self.EXACT_UP_TO else max(seen, self.estimate())

    def estimate(self):
        plan = self.object_list.order_by().values("pk").explain(format="json")
        return json.loads(plan)[0]["Plan"]["Plan Rows"]


class DeskAdmin(ModelAdmin):
    """Nothing is added, changed or deleted by hand unless a page says so."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ["-pk"]
    sortable_by = []
    actions = None
    compressed_fields = True
    list_filter_submit = True
    change_form_before_template = "moderation/_decisions.html"
    change_form_after_template = "moderation/_trail.html"
    view_on_site = False
    choices: list[Choice] = []

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}_decide"
        view = self.admin_site.admin_view(self.decide)
        route = "<path:object_id>/decide/<slug:choice>/"
        return [path(route, view, name=name), *super().get_urls()]

    def decide(self, request, object_id, choice):
        return decide(self, request, object_id, choice)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        found = self.get_object(request, unquote(object_id))
        context = {"possible": [], "trail": []}
        if found and self.has_view_permission(request, found):
            may_decide = request.user.has_perm("moderation.add_moderationdecision")
            choices = self.choices if may_decide else []
            context["possible"] = [c for c in choices if c.is_possible(found)]
            entries = LogEntry.objects.get_for_object(found).select_related("actor")
            context["trail"] = list(entries[:TRAIL_LENGTH])
        context |= extra_context or {}
        return super().change_view(request, object_id, form_url, context)


class DeskInline(TabularInline):
    """Rows to look at."""

    extra = 0
    can_delete = False
    show_change_link = False
    per_page = 20
    ordering = ["pk"]

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        """Whoever may see the page may see its rows."""
        return True


def link_to(obj):
    """A link to an object's own page at the desk."""
    if obj is None:
        return "–"
    url = reverse(
        f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk]
    )
    return format_html('<a href="{}">{}</a>', url, obj)


def status_label(field, description, **colours):
    """A column that shows a status as a coloured label: `approved="success"`."""

    @display(description=description, label=colours)
    def column(model_admin, row):
        return getattr(row, field), getattr(row, f"get_{field}_display")()

    return column


def shown(description, boolean=False):
    return admin.display(description=description, boolean=boolean)
