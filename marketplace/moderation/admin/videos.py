from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from marketplace.moderation import decisions
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
        video.publication == Publication.IN_REVIEW
        and video.status == Video.Status.READY
    )


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
    state = status_label(
        "publication",
        _("publication"),
        in_review="warning",
        published="success",
        rejected="danger",
    )
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
                    "published_at",
                ]
            },
        ),
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
                ]
            },
        ),
    ]
    readonly_fields = ["player", "shop", "size", "seconds"]
    inlines = [TagInline]
    choices = [
        Choice("approve", _("Approve"), decisions.approve_video, waits_for_review),
        Choice(
            "reject",
            _("Reject"),
            decisions.reject_video,
            lambda video: video.publication == Publication.IN_REVIEW,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "remove",
            _("Take out of the feed"),
            decisions.reject_video,
            lambda video: video.is_published,
            needs_reason=True,
            variant="danger",
        ),
        Choice(
            "retry",
            _("Transcode again"),
            decisions.retry_transcoding,
            lambda video: video.status == Video.Status.FAILED,
            variant="default",
        ),
    ]

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
            return ""
        return format_html(
            '<img class="desk-poster" src="{}" alt="" loading="lazy">', video.poster_url
        )

    @shown("")
    def player(self, video):
        """The progressive rendition: plays everywhere without a script."""
        if video.status != Video.Status.READY:
            return video.get_status_display()
        tracks = [
            (captions.file.url, captions.language, captions.label)
            for captions in video.captions.all()
        ]
        return format_html(
            '<video class="desk-player" src="{}" poster="{}" controls playsinline'
            ' preload="metadata">{}</video>',
            video.mp4_url,
            video.poster_url,
            format_html_join(
                "", '<track kind="captions" src="{}" srclang="{}" label="{}">', tracks
            ),
        )
