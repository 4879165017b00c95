"""What the site knows of a person, handed over or erased on their word."""

from auditlog.context import disable_auditlog
from auditlog.models import LogEntry
from django.core import serializers
from django.db import transaction

from marketplace.accounts.models import OutgoingMail, User

# Relations of a user that hold personal data, by the name each app gave them.
PERSONAL = [
    "addresses",
    "notifications",
    "order_groups",
    "reviews",
    "follows",
    "engagements",
    "feed_choices",
    "reports",
    "seller_memberships",
]
# Links that open something; nobody needs them on paper.
SECRET_FIELDS = {"token", "checkout_key"}


class CannotErase(Exception):
    """The account still answers for something: a shop, or decisions of the desk."""


def export(user: User) -> dict:
    """Everything personal, ready for JSON."""
    account = {
        "email": user.email,
        "name": user.name,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
    }
    return {"account": account} | {name: rows(user, name) for name in PERSONAL}


def rows(user, relation):
    serialized = serializers.serialize("python", getattr(user, relation).all())
    return [
        {name: row["fields"][name] for name in row["fields"].keys() - SECRET_FIELDS}
        for row in serialized
    ]


@transaction.atomic
def erase(user: User) -> None:
    """Delete the account.  Orders stay, as the books must, without the account."""
    if user.is_staff or user.seller_memberships.exists():
        raise CannotErase
    OutgoingMail.objects.filter(recipient=user.email).delete()
    # The trail would name the person, and its line about the deletion an actor who
    # is gone.
    LogEntry.objects.get_for_object(user).delete()
    LogEntry.objects.filter(actor=user).update(
        actor=None, actor_email=None, remote_addr=None
    )
    with disable_auditlog():
        user.delete()
