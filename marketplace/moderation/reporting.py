"""Reports from shoppers: what can be reported, and by whom only once."""

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404

from marketplace.moderation.models import Report
from sellers.models import Product, Seller
from videos.feed.reports import record_report
from videos.models import Video


def find_subject(kind: str, key: str) -> Video | Product | Seller:
    """What the public can see under that name, or 404."""
    if kind == "video":
        return get_object_or_404(Video.objects.published(), public_id=key)
    shown = {"product": Product.objects.published(), "seller": Seller.objects.open()}
    # Fewer digits than a bigint can hold.
    if kind not in shown or not (key.isdecimal() and len(key) < 19):
        raise Http404
    return get_object_or_404(shown[kind], pk=int(key))


@transaction.atomic
def file_report(
    report: Report, subject, reporter, account: int | None = None
) -> Report:
    """Keep a report; the same person's second one of the same thing is the first.

    Of a video the feed is told, under the account if it may know that.
    """
    setattr(report, subject._meta.model_name, subject)
    if reporter.is_authenticated:
        report.reporter = reporter
        already = report.same_subject().open().filter(reporter=reporter)
        if earlier := already.first():
            return earlier
    report.save()
    if report.video_id:
        record_report(report.pk, report.video_id, account, report.created_at)
    return report
