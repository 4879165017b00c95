"""From an application to an open shop, and who works in it."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers.models import Seller, SellerConflict, SellerInvitation, SellerMember
from sellers.slugs import free_slug


@transaction.atomic
def apply_to_sell(user: User, details: dict) -> Seller:
    """A new shop that waits for review, or a rejected one that asks again."""
    User.objects.select_for_update().get(pk=user.pk)  # a double click waits here
    membership = user.seller_memberships.select_related("seller").first()
    if membership is None:
        slug = free_slug(Seller.objects.all(), details["name"], "shop")
        seller = Seller.objects.create(slug=slug, **details)
        SellerMember.objects.create(seller=seller, user=user)
        return seller
    seller = membership.seller
    if seller.status == Seller.Status.REJECTED:
        seller.reapply(**details)
    return seller


def tell_owners(seller: Seller, subject: str, template: str, url: str) -> None:
    owners = seller.members.filter(role=SellerMember.Role.OWNER)
    for member in owners.select_related("user"):
        notify(member.user, subject, f"sellers/{template}", {"seller": seller}, url)


@transaction.atomic
def approve(seller: Seller, by: User) -> None:
    seller.approve()
    tell_owners(
        seller, _("Your shop %(shop)s is open") % {"shop": seller},
        "approved", "/seller/",
    )  # fmt: skip


@transaction.atomic
def reject(seller: Seller, reason: str, by: User) -> None:
    seller.reject(reason)
    tell_owners(
        seller, _("About your application for %(shop)s") % {"shop": seller},
        "rejected", "/sell/",
    )  # fmt: skip


@transaction.atomic
def suspend(seller: Seller, reason: str, by: User) -> None:
    """Unseen at once; orders that are paid must still be delivered."""
    seller.suspend(reason)
    tell_owners(
        seller, _("Your shop %(shop)s is suspended") % {"shop": seller},
        "suspended", "/sell/",
    )  # fmt: skip


@transaction.atomic
def reinstate(seller: Seller, by: User) -> None:
    seller.reinstate()
    tell_owners(
        seller, _("Your shop %(shop)s is open again") % {"shop": seller},
        "reinstated", "/seller/",
    )  # fmt: skip


class AlreadyInvited(Exception):
    """The person is a member, or the invitation is on its way."""


def invite(seller: Seller, email: str, by: User) -> SellerInvitation:
    email = email.lower()
    if seller.members.filter(user__email__iexact=email).exists():
        raise AlreadyInvited
    try:
        with transaction.atomic():
            # An invitation that has run out makes room for a new one.
            stale = seller.invitations.filter(email=email, accepted_at=None)
            stale.exclude(pk__in=seller.invitations.waiting()).delete()
            invitation = SellerInvitation.objects.create(
                seller=seller, email=email, invited_by=by
            )
            notify(
                email,
                _("Join %(shop)s") % {"shop": seller},
                "sellers/invitation",
                {"seller": seller, "invitation": invitation, "by": by},
                invitation.get_absolute_url(),
            )
    except IntegrityError as error:
        raise AlreadyInvited from error
    return invitation


@transaction.atomic
def accept_invitation(invitation: SellerInvitation, user: User) -> SellerMember:
    """The member that the user becomes; a second acceptance changes nothing."""
    invitation = SellerInvitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.accepted_at is None:
        invitation.mark_accepted()
    elif not invitation.seller.members.filter(user=user).exists():
        raise SellerConflict("the invitation has been used")
    member, _created = SellerMember.objects.get_or_create(
        seller=invitation.seller,
        user=user,
        defaults={"role": SellerMember.Role.STAFF},
    )
    return member


def remove_member(member: SellerMember) -> None:
    """A shop keeps its owners; only staff can be taken off here."""
    staff = SellerMember.objects.filter(pk=member.pk, role=SellerMember.Role.STAFF)
    if not staff.delete()[0]:
        raise SellerConflict("an owner cannot be removed")
