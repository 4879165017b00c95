"""Accounts that are made without the sign-up page: the demo, commands, tests."""

from allauth.account.models import EmailAddress
from django.db import transaction

from marketplace.accounts.models import User


@transaction.atomic
def register(email: str, password: str, **fields) -> User:
    """A user who has confirmed the address, and so can sign in at once."""
    user = User.objects.create_user(email, password, **fields)
    EmailAddress.objects.create(
        user=user, email=user.email, primary=True, verified=True
    )
    return user
