from allauth.core import ratelimit
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.moderation.forms import ReportForm
from marketplace.moderation.reporting import file_report, find_subject
from videos.feed.experimenting import note_report
from videos.feed.viewers import viewer_of
from videos.feed.watchers import account_of


@require_http_methods(["GET", "POST"])
def report(request, kind, key):
    subject = find_subject(kind, key)
    posted = request.POST if request.method == "POST" else None
    form = ReportForm(posted, user=request.user)
    if form.is_valid():
        if refusal := ratelimit.consume_or_429(request, action="report"):
            return refusal
        report = form.save(commit=False)
        file_report(report, subject, request.user, account_of(request))
        note_report(viewer_of(request))
        return redirect("moderation:reported", kind, key)
    context = {"form": form, "subject": subject}
    return render(request, "moderation/report.html", context)


@require_GET
def reported(request, kind, key):
    subject = find_subject(kind, key)
    return render(request, "moderation/reported.html", {"subject": subject})
