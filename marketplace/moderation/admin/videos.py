from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from marketplace.moderation import decisions, looking_inside, video_queue
from marketplace.moderation.admin.base import (
    DeskAdmin,
    DeskInline,
    link_to,
    shown,
    status_label,
)
from marketplace.moderation.admin.sellers import matching
from marketplace.moderation.deciding import Choice
from videos.models import ProductTag, Video

Publication = Video.Publication


def waits_for_review(video):
    """Nobody approves what nobody has seen: it must have been transcoded."""
    return (
        video.deleted_at is None
        and video.publication == Publication.IN_REVIEW
        and video.status == Video.Status.READY
    )


def is_in_review(video):
    return video.deleted_at is None and video.publication == Publication.IN_REVIEW


class TagInline(DeskInline):
    model = ProductTag
    fields = ["product_page", "starts_ms", "ends_ms"]
    readonly_fields = ["product_page"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("product")

    @shown(_("product"))
    def product_page(self, tag):
        return link_to(tag.product)


@admin.register(Video)
class VideoAdmin(DeskAdmin):
    list_display = [
        "picture",
        "title",
        "seller",
        "state",
        "transcoding",
        "seconds",
        "created_at",
    ]
    list_display_links = ["picture", "title"]
    list_filter = ["publication", "status"]
    transcoding = status_label(
        "status", _("status"), ready="success", failed="danger", processing="info"
    )
    list_select_related = ["seller"]
    search_fields = ["title"]
    fieldsets = [
        (None, {"fields": ["player"]}),
        (
            _("Video"),
            {
                "fields": [
                    "title",
                    "shop",
                    "description",
                    "publication",
                    "rejection_reason",
                    "submitted_at",
                    "publish_at",
                    "published_at",
                    "deleted_at",
                ]
            },
        ),
        (_("Looking inside"), {"fields": ["inside"]}),
        (
            _("File"),
            {
                "fields": [
                    "status",
                    "failure_reason",
                    "source_name",
                    "size",
                    "seconds",
                    "progress_percent",
                    "attempt",
                    "worker",
                    "claimed_at",
                ]
            },
        ),
    ]
    readonly_fields = ["player", "inside", "shop", "size", "seconds"]
    inlines = [TagInline]
    choices = [
        Choice("approve", _("Approve"), decisions.approve_video, waits_for_review),
        Choice(
            "reject",
            _("Reject"),
            decisions.reject_video,
            is_in_review,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "remove",
            _("Take out of the feed"),
            decisions.reject_video,
            lambda video: video.is_published or video.is_scheduled,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "retry",
            _("Transcode again"),
            decisions.retry_transcoding,
            lambda v: v.deleted_at is None and v.status == Video.Status.FAILED,
            variant="default",
            is_told=False,
        ),
        Choice(
            "cancel",
            _("Stop processing"),
            decisions.cancel_transcoding,
            lambda video: video.can_be_canceled,
            needs_reason=True,
            variant="danger",
        ),
    ]

    def get_urls(self):
        own = self.admin_site.admin_view
        return [
            path("queue/", own(self.queue), name="videos_video_queue"),
            path(
                "<int:pk>/addresses/",
                own(self.addresses),
                name="videos_video_addresses",
            ),
            *super().get_urls(),
        ]

    def get_ordering(self, request):
        """Of those in review, whoever has waited longest comes first."""
        if request.GET.get("publication__exact") == Publication.IN_REVIEW:
            return ["submitted_at", "pk"]
        return super().get_ordering(request)

    def queue(self, request):
        return video_queue.show(self, request)

    def addresses(self, request, pk):
        """Fresh ones for a player that has stood open for long."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        video = get_object_or_404(self.get_queryset(request), pk=pk)
        return JsonResponse(video.addresses())

    @display(
        description=_("publication"),
        label={
            "in_review": "warning",
            "scheduled": "info",
            "published": "success",
            "rejected": "danger",
            "deleted": "info",
        },
    )
    def state(self, video):
        if video.deleted_at:
            return "deleted", _("Deleted by the shop")
        return video.publication, video.get_publication_display()

    def view_on_site(self, video):
        is_ready = video.status == Video.Status.READY
        is_public = video.is_published and is_ready and video.seller.is_open
        return video.get_absolute_url() if is_public else None

    def get_search_results(self, request, queryset, search_term):
        return (matching(queryset, search_term) if search_term else queryset), False

    @shown(_("shop"))
    def shop(self, video):
        return link_to(video.seller)

    @shown(_("size"))
    def size(self, video):
        return f"{video.width} × {video.height}"

    @shown(_("seconds"))
    def seconds(self, video):
        return f"{video.duration_ms / 1000:.1f}"

    @shown("")
    def picture(self, video):
        if not video.poster:
            return "–"
        # It is a link, which needs a name.
        return format_html(
            '<img class="desk-poster" src="{}" alt="{}" loading="lazy">',
            video.poster_url,
            video.title,
        )

    @shown("")
    def inside(self, video):
        return looking_inside.of_video(video)

    @shown("")
    def player(self, video):
        """The progressive rendition: plays everywhere without a script."""
        if video.status != Video.Status.READY:
            return video.get_status_display()
        return render_to_string("moderation/_player.html", {"video": video})
