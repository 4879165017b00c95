"""What all pages of the desk share."""

import json
from dataclasses import dataclass

from auditlog.models import LogEntry
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.auth import get_permission_codename
from django.core.paginator import Paginator
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from marketplace.moderation.deciding import Choice, decide

TRAIL_LENGTH = 20
LONGEST_CHANGE = 80
DONE = {
    LogEntry.Action.CREATE: _("Created"),
    LogEntry.Action.UPDATE: _("Changed"),
    LogEntry.Action.DELETE: _("Deleted"),
}


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


@dataclass(frozen=True)
class Plain:
    """A related object as mere text; equal ones are one column to Django's forms."""

    attribute: str
    short_description: str

    @property
    def __name__(self):
        return self.attribute

    def __call__(self, row):
        return str(getattr(row, self.attribute, None) or "–")


class LinksWhereAllowed:
    """Django links every foreign key, also to pages that the reader may not open."""

    # Columns that link to a related object: their name, and its attribute.
    links: dict[str, str] = {}

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        related = {
            field.name: field
            for field in self.opts.get_fields()
            if field.many_to_one or field.one_to_one
        }
        return [
            (
                title,
                options
                | {"fields": [self.allowed(request, f, related) for f in names]},
            )
            for title, options in fieldsets
            for names in [options["fields"]]
        ]

    def allowed(self, request, name, related):
        field = related.get(self.links.get(name, name))
        if field is None or field.related_model is None:
            return name
        opts = field.related_model._meta
        codename = get_permission_codename("view", opts)
        if request.user.has_perm(f"{opts.app_label}.{codename}"):
            return name
        column = getattr(self, name, None)
        label = column.short_description if column else field.verbose_name
        return Plain(field.name, label)


class DeskAdmin(LinksWhereAllowed, ModelAdmin):
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

    @admin.display(description=_("No."))
    def row_number(self, row):
        """What a list calls those that have neither name nor number."""
        return row.pk

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
            context["possible"] = [
                choice
                for choice in self.choices
                if choice.may_be_made_by(request.user) and choice.is_possible(found)
            ]
            entries = LogEntry.objects.get_for_object(found).select_related(
                "actor", "content_type"
            )
            context["trail"] = [
                (entry, DONE.get(entry.action, ""), changes(entry))
                for entry in entries[:TRAIL_LENGTH]
            ]
        context |= extra_context or {}
        return super().change_view(request, object_id, form_url, context)


class DeskInline(LinksWhereAllowed, TabularInline):
    """Rows to look at."""

    template_before = "moderation/_no_rows.html"
    extra = 0
    can_delete = False
    show_change_link = False
    per_page = 20
    ordering = ["pk"]

    def get_readonly_fields(self, request, obj=None):
        return flatten_fieldsets(self.get_fieldsets(request, obj))

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


def changes(entry):
    """What an update changed, in words; relations from elsewhere are no change."""
    if entry.action != LogEntry.Action.UPDATE:
        return ""
    model = entry.content_type.model_class()
    elsewhere = {f.name for f in model._meta.get_fields() if f.auto_created}
    return "; ".join(
        change_line(name, values)
        for name, values in entry.changes_dict.items()
        if name not in elsewhere
    )


def change_line(name, values):
    if isinstance(values, dict):
        objects = ", ".join(values["objects"])
        return f"{name}: {values['operation']} {cut(objects)}"
    if name == "decision":
        # The reason is what the person concerned was told: it is shown whole.
        return str(values[1])
    old, new = values
    return f"{name}: {cut(old)} → {cut(new)}"


def cut(value):
    text = "" if value in (None, "None") else str(value)
    return Truncator(text or "–").chars(LONGEST_CHANGE)


def status_label(field, description, **colours):
    """A column that shows a status as a coloured label: `approved="success"`."""

    @display(description=description, label=colours)
    def column(model_admin, row):
        status, text = getattr(row, field), getattr(row, f"get_{field}_display")()
        # unfold shows the bare value of what has no colour.
        return (status, text) if status in colours else text

    return column


def shown(description, boolean=False):
    return admin.display(description=description, boolean=boolean)
