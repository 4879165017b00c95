"""The mail server: the only module that talks to it."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from marketplace.accounts.models import OutgoingMail


class MailNotSent(Exception):
    """The mail server could not be reached or refused; a later attempt may do."""


def deliver(mail: OutgoingMail) -> None:
    """Hand the mail to the server.

    A mail sent twice because a worker died in between carries the same Message-ID,
    so that mail programs show it once.
    """
    host = urlsplit(settings.SITE_URL).hostname
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        to=[mail.recipient],
        headers={"Message-ID": f"<mail-{mail.pk}@{host}>"},
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except OSError as error:  # smtplib's exceptions are OSErrors too
        raise MailNotSent(str(error)) from error
