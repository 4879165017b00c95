from celery import shared_task
from django.core.management import call_command

from marketplace.accounts import tasks
from marketplace.accounts.models import OutgoingMail

SWEEP_SIZE = 500


@shared_task
def send_due_mails() -> None:
    """Take up the mails whose message was lost or whose last attempt failed."""
    due = OutgoingMail.objects.due().order_by("next_attempt_at")
    for mail_pk in due.values_list("pk", flat=True)[:SWEEP_SIZE]:
        tasks.send_mail.delay(mail_pk)


@shared_task
def clear_sessions() -> None:
    """Sessions whose time is over: nobody can use them, but they stay as rows."""
    call_command("clearsessions")
