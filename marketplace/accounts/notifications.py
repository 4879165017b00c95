"""Telling people things: a message in their inbox, and the same by email."""

from collections.abc import Mapping
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Expression, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.template import Context
from django.template.loader import get_template, render_to_string

from marketplace.accounts import tasks
from marketplace.accounts.models import Notification, OutgoingMail, User


@transaction.atomic
def notify(
    recipient: User | str,
    subject: str,
    template: str,
    context: Mapping | None = None,
    url: str = "",
) -> None:
    """Write to a user (inbox and mail) or to an email address (mail alone).

    `template` names `templates/emails/<template>.txt`: plain text of one to a few
    paragraphs, without greeting, link or signature, which the frame adds.  `url` is
    a path on this site, shown as the mail's button.
    """
    user = recipient if isinstance(recipient, User) else None
    subject = one_line(subject)
    body = render_text(f"emails/{template}.txt", {"user": user, **(context or {})})
    if user:
        user.notifications.create(subject=subject, body=body, url=url)
    address, name = (user.email, user.name) if user else (recipient, "")
    write_mail(address, subject, body, name=name, url=url)


def write_mail(address: str, subject: str, body: str, *, name="", url="") -> None:
    """Mail alone, in the frame that every mail of the site has."""
    frame = {
        "subject": one_line(subject),
        "body": body,
        "name": name,
        "link": urljoin(f"{settings.SITE_URL}/", url) if url else "",
        "site_name": settings.SITE_NAME,
        "site_url": settings.SITE_URL,
    }
    text = render_text("emails/_frame.txt", frame)
    html = render_to_string("emails/_frame.html", frame)
    queue_mail(address, frame["subject"], text, html)


def one_line(subject: str) -> str:
    """A line break in a subject would begin another header."""
    return " ".join(str(subject).split())[:200]


def queue_mail(recipient: str, subject: str, text: str, html: str = "") -> OutgoingMail:
    """Write the mail down, to be sent when the transaction commits."""
    mail = OutgoingMail.objects.create(
        recipient=recipient, subject=subject, text=text, html=html
    )
    tasks.send_mail.delay_on_commit(mail.pk)
    return mail


def render_text(template: str, context: Mapping) -> str:
    """A plain-text template: “Tom & Jerry” stays as it is written."""
    plain = Context(context, autoescape=False)
    return get_template(template).template.render(plain).strip()


def unread_count(user: User) -> int:
    return Notification.objects.unread().filter(user=user).count()


def unread_of_account() -> Expression:
    """The same of an outer query's account."""
    unread = Notification.objects.unread().filter(user=OuterRef("pk")).order_by()
    counted = unread.values("user").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
