"""The seller centre's page of one video's figures, and the same as CSV."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from sellers.access import seller_required
from sellers.imports.report import csv_response
from videos import figures
from videos.feed.trials import LIMITS
from videos.models import VideoTrial

LATEST_DECISIONS = 10


def days_asked(request):
    asked = request.GET.get("days", "")
    return int(asked) if asked in map(str, figures.RANGES) else figures.RANGES[1]


def own_video(request, public_id):
    videos = request.seller.videos.kept().defer("search")
    return get_object_or_404(videos.select_related("trial"), public_id=public_id)


@seller_required
@never_cache
@require_GET
def video_figures(request, public_id):
    video, days = own_video(request, public_id), days_asked(request)
    found = figures.figures_of(video, days)
    tags = list(video.tags.select_related("product"))
    context = {
        "video": video,
        "seller": request.seller,
        "days": days,
        "ranges": figures.RANGES,
        "figures": found,
        "plot": figures.retention_plot(video, found, tags),
        **verdict_of(video),
    }
    return render(request, "videos/figures.html", context)


def verdict_of(video):
    """How far its trial has come, and each decision with its figures."""
    trial = getattr(video, "trial", None)
    pool = trial.pool if trial else VideoTrial.Pool.TRIAL
    quotas = LIMITS.quotas
    return {
        "trial": trial,
        "pool": VideoTrial.Pool(pool),
        "quota": quotas[pool] if pool < len(quotas) else None,
        "decisions": video.pool_decisions.order_by("-created_at", "-pk")[
            :LATEST_DECISIONS
        ],
    }


@seller_required
@never_cache
@require_GET
def video_figures_csv(request, public_id):
    video, days = own_video(request, public_id), days_asked(request)
    rows = figures.csv_rows(video, days, request.seller.currency)
    return csv_response(rows, f"{video.public_id}-{days}-days.csv")
