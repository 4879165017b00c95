from datetime import timedelta

from django.conf import settings
from django.db import migrations
from django.utils import timezone

LOST = ["lost", "prevented"]


def mark_disputes(apps, schema_editor):
    """Those that the shops were charged for when they were lost."""
    disputes = apps.get_model("checkout.Dispute").objects.filter(
        status__in=LOST, withdrawn_minor__gt=0
    )
    disputes.exclude(closed_at=None).update(is_charged=True)


def owe_what_came_back(apps, schema_editor):
    """What came back was booked as if never made, though its seller had less for it.

    Now as it was before it came back, but for the money: that is owed to the buyer.
    """
    entries = apps.get_model("checkout.JournalEntry").objects
    accounts = apps.get_model("checkout.LedgerAccount").objects
    ledger_lines = apps.get_model("checkout.LedgerLine").objects
    refunds = apps.get_model("checkout.Refund").objects.filter(
        status="failed", came_back_at=None
    )
    for refund in refunds.exclude(stripe_refund_id="").order_by("pk"):
        failed = entries.filter(reference=f"refund:{refund.pk}:failed")
        failed_at = failed.values_list("created_at", flat=True).first()
        refund.came_back_at = failed_at or timezone.now()
        refund.save(update_fields=["came_back_at"])
        made = entries.filter(reference=f"refund:{refund.pk}").first()
        if refund.order_id is None or made is None:
            continue
        owed, _created = accounts.get_or_create(
            kind="refunds", seller=None, currency=refund.currency
        )
        entry = entries.create(
            kind="failed",
            reference=f"refund:{refund.pk}:owed",
            order_id=refund.order_id,
        )
        for line in made.lines.select_related("account"):
            account = owed if line.account.kind == "stripe" else line.account
            ledger_lines.create(
                entry=entry, account=account, amount_minor=line.amount_minor
            )


def give_returns_a_deadline(apps, schema_editor):
    if not settings.RETURN_SEND_DAYS:
        return
    accepted = apps.get_model("checkout.ReturnRequest").objects.filter(
        status="accepted", send_by=None
    )
    days = timedelta(days=max(settings.RETURN_SEND_DAYS, 14))
    accepted.update(send_by=timezone.now() + days)


class Migration(migrations.Migration):
    """Each may run again: it leaves alone what has been done."""

    dependencies = [("checkout", "0021_money_owed_back")]

    operations = [
        migrations.RunPython(mark_disputes, migrations.RunPython.noop),
        migrations.RunPython(owe_what_came_back, migrations.RunPython.noop),
        migrations.RunPython(give_returns_a_deadline, migrations.RunPython.noop),
    ]
