"""The address book, in which at most one address comes first."""

from django.db import transaction

from marketplace.accounts.models import Address, User


@transaction.atomic
def keep_address(user: User, address: Address) -> None:
    """Save an address of the user's; the first one is the default."""
    others = lock_addresses(user).exclude(pk=address.pk)
    address.user = user
    address.is_default = address.is_default or not others.filter(is_default=True)
    if address.is_default:
        others.update(is_default=False)
    address.save()


@transaction.atomic
def remove_address(address: Address) -> None:
    """Take it out of the book; the oldest one left comes first instead."""
    others = lock_addresses(address.user).exclude(pk=address.pk)
    address.delete()
    if address.is_default and (heir := others.order_by("pk").first()):
        others.filter(pk=heir.pk).update(is_default=True)


def lock_addresses(user):
    """The user's row is the lock: a second tab waits here."""
    User.objects.select_for_update().get(pk=user.pk)
    return Address.objects.filter(user=user)
