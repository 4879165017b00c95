"""The feed's models, how it does, and what is tried on some of the viewers."""

import json

from django.contrib import admin
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from marketplace.moderation import estimate_pages, experiment_pages, feed_health
from marketplace.moderation.admin.base import DeskAdmin, shown, status_label
from marketplace.moderation.arm_forms import ArmForm, tried_numbers
from videos.models import Experiment, ExperimentArm, FeedModel


@admin.register(FeedModel)
class FeedModelAdmin(DeskAdmin):
    list_display = ["version", "state", "made_at", "served_at", "found"]
    state = status_label(
        "status", _("status"), serving="success", retired="info", worse="danger"
    )
    fieldsets = [
        (None, {"fields": ["version", "status", "made_at", "served_at", "judged"]}),
    ]
    readonly_fields = ["judged"]

    def get_urls(self):
        view = self.admin_site.admin_view(self.health)
        return [
            path("health/", view, name="videos_feedmodel_health"),
            *super().get_urls(),
        ]

    def health(self, request):
        return feed_health.show(self, request)

    @shown(_("found"))
    def found(self, model):
        return feed_health.number(model.figures.get("found"), 3)

    @shown(_("figures"))
    def judged(self, model):
        return format_html("<pre>{}</pre>", json.dumps(model.figures, indent=2))


class ArmInline(TabularInline):
    model = ExperimentArm
    form = ArmForm
    extra = 2
    max_num = 6

    def has_add_permission(self, request, obj=None):
        return is_draft(obj)

    def has_change_permission(self, request, obj=None):
        return is_draft(obj)

    def has_delete_permission(self, request, obj=None):
        return is_draft(obj)

    def has_view_permission(self, request, obj=None):
        return True


def is_draft(experiment):
    return experiment is None or experiment.status == Experiment.Status.DRAFT


@admin.register(Experiment)
class ExperimentAdmin(ModelAdmin):
    """A draft can be changed; what has begun can only be stopped."""

    list_display = ["name", "state", "goal", "started_at", "stopped_at", "page"]
    state = status_label("status", _("status"), running="success", stopped="info")
    list_filter = ["status"]
    sortable_by = []
    actions = None
    fields = ["name", "question", "goal", "least_effect", "viewers_planned"]
    inlines = [ArmInline]
    list_before_template = "moderation/_experiment_list_actions.html"
    change_form_before_template = "moderation/_experiment_actions.html"
    change_form_after_template = "moderation/_experiment_after.html"

    def get_urls(self):
        own = self.admin_site.admin_view
        name = "videos_experiment"
        return [
            path("estimate/", own(self.estimate), name=f"{name}_estimate"),
            path("<int:pk>/results/", own(self.results), name=f"{name}_results"),
            path("<int:pk>/start/", own(self.start), name=f"{name}_start"),
            path("<int:pk>/stop/", own(self.stop), name=f"{name}_stop"),
            *super().get_urls(),
        ]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        context = {"may_be_tried": tried_numbers(), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def has_change_permission(self, request, obj=None):
        return is_draft(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def estimate(self, request):
        return estimate_pages.show(self, request)

    def results(self, request, pk):
        return experiment_pages.show(self, request, pk)

    def start(self, request, pk):
        return experiment_pages.start(self, request, pk)

    def stop(self, request, pk):
        return experiment_pages.stop(self, request, pk)

    @shown(_("results"))
    def page(self, experiment):
        address = experiment_pages.address_of(experiment)
        return format_html('<a href="{}">{}</a>', address, _("Results"))
