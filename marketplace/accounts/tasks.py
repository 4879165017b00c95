from celery import shared_task

from marketplace.accounts import emails
from marketplace.accounts.models import OutgoingMail


@shared_task
def send_mail(mail_pk: int) -> None:
    """Send a mail unless it is sent, being sent, or not yet due again."""
    mail = OutgoingMail.objects.get(pk=mail_pk)
    if not mail.claim():
        return
    try:
        emails.deliver(mail)
    except emails.MailNotSent as error:
        mail.mark_failed(str(error))
    else:
        mail.mark_sent()
