"""From an application to an open shop, and who works in it."""

import pytest
from django.urls import reverse

from marketplace.accounts.models import OutgoingMail
from sellers import onboarding
from sellers.models import Seller, SellerConflict, SellerInvitation, SellerMember
from tests.factories import make_seller, make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db

APPLICATION = {
    "name": "Clay & Ash",
    "description": "Pots",
    "legal_name": "Clay & Ash Ltd",
    "business_address": "1 High Street",
    "country": "DE",
    "email": "clay@example.com",
    "phone": "",
}


def test_a_guest_is_invited_to_make_an_account(client):
    html = client.get(reverse("sellers:apply")).content.decode()

    assert "Create an account" in html
    assert "<form" not in html.split("<main")[1].split("</main")[0]


def test_a_guest_cannot_apply(client):
    client.post(reverse("sellers:apply"), APPLICATION)

    assert Seller.objects.exists() is False


def test_an_application_waits_for_review(client):
    user = make_user()
    client.force_login(user)

    client.post(reverse("sellers:apply"), APPLICATION)

    seller = Seller.objects.get()
    assert (seller.slug, seller.status) == ("clay-ash", Seller.Status.PENDING)
    assert seller.members.get().user == user
    html = client.get(reverse("sellers:apply")).content.decode()
    assert "We are looking at your application" in html


def test_a_name_that_exists_in_another_spelling_is_refused(client):
    make_seller(name="CLAY & ASH")
    client.force_login(make_user())

    response = client.post(reverse("sellers:apply"), APPLICATION)

    assert "There is a shop of that name already" in response.content.decode()
    assert Seller.objects.count() == 1


def test_the_address_is_shown_while_the_name_is_typed(client):
    make_seller(slug="lamp")
    client.force_login(make_user())

    response = client.get(reverse("sellers:shop_address"), {"name": "Lamp"})

    assert "/s/lamp-2/" in response.content.decode()


def test_applying_twice_makes_one_shop():
    user = make_user()
    details = dict(APPLICATION)

    first = onboarding.apply_to_sell(user, details)
    second = onboarding.apply_to_sell(user, details | {"name": "Another"})

    assert first == second
    assert Seller.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_shop():
    user = make_user()

    at_once(*[lambda: onboarding.apply_to_sell(user, dict(APPLICATION))] * 4)

    assert Seller.objects.count() == 1
    assert SellerMember.objects.count() == 1


def test_a_rejected_seller_reads_why_and_applies_again(client):
    user = make_user()
    seller = make_seller(name="Old", status=Seller.Status.PENDING, owner=user)
    onboarding.reject(seller, "The address is missing.", make_user())
    client.force_login(user)

    html = client.get(reverse("sellers:apply")).content.decode()
    client.post(f"{reverse('sellers:apply')}?again=1", APPLICATION)

    seller.refresh_from_db()
    assert "The address is missing." in html
    assert (seller.status, seller.name) == (Seller.Status.PENDING, "Clay & Ash")
    assert Seller.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "decide", "after"),
    [
        ("pending", onboarding.approve, "approved"),
        ("suspended", onboarding.reinstate, "approved"),
    ],
)
def test_a_good_decision_is_told_to_the_owner(status, decide, after):
    user = make_user()
    seller = make_seller(status=status, owner=user)

    decide(seller, make_user())

    assert seller.status == after
    assert seller.name in user.notifications.get().subject
    assert OutgoingMail.objects.get().recipient == user.email


@pytest.mark.parametrize(
    ("status", "decide", "after"),
    [
        ("pending", onboarding.reject, "rejected"),
        ("approved", onboarding.suspend, "suspended"),
    ],
)
def test_a_bad_decision_comes_with_its_reason(status, decide, after):
    user = make_user()
    seller = make_seller(status=status, owner=user)

    decide(seller, "Counterfeit goods", make_user())

    assert seller.status == after
    assert "Counterfeit goods" in user.notifications.get().body


def test_a_decision_that_comes_too_late_changes_and_tells_nothing():
    user = make_user()
    seller = make_seller(owner=user)

    with pytest.raises(SellerConflict):
        onboarding.approve(seller, make_user())

    assert user.notifications.exists() is False


@pytest.mark.parametrize("status", ["pending", "rejected", "closed"])
def test_a_shop_that_is_not_at_work_has_no_seller_centre(client, status):
    user = make_user()
    make_seller(status=status, owner=user)
    client.force_login(user)

    response = client.get(reverse("sellers:overview"))

    assert response.url == reverse("sellers:apply")


def test_a_suspended_seller_can_still_ship(client):
    user = make_user()
    make_seller(status="suspended", owner=user, status_reason="Late parcels")
    client.force_login(user)

    html = client.get(reverse("sellers:overview")).content.decode()

    assert "Late parcels" in html


def invite(client, owner, email):
    client.force_login(owner)
    client.post(reverse("sellers:invite_member"), {"email": email})


def test_an_invited_person_joins_as_staff(client):
    owner, helper = make_user(), make_user(email="helper@example.com")
    seller = make_seller(owner=owner)
    invite(client, owner, "Helper@example.com")
    invitation = SellerInvitation.objects.get()
    assert OutgoingMail.objects.get().recipient == "helper@example.com"

    client.force_login(helper)
    client.post(invitation.get_absolute_url())

    assert seller.members.get(user=helper).role == SellerMember.Role.STAFF
    assert client.get(reverse("sellers:overview")).status_code == 200


def test_an_invitation_works_once():
    seller = make_seller()
    invitation = onboarding.invite(seller, "a@example.com", make_user())
    onboarding.accept_invitation(invitation, make_user())

    with pytest.raises(SellerConflict):
        onboarding.accept_invitation(invitation, make_user())

    assert seller.members.count() == 1


def test_inviting_twice_sends_one_mail(client):
    owner = make_user()
    make_seller(owner=owner)

    invite(client, owner, "a@example.com")
    invite(client, owner, "a@example.com")

    assert SellerInvitation.objects.count() == 1
    assert OutgoingMail.objects.count() == 1


def test_staff_can_neither_invite_nor_remove(client):
    owner, helper = make_user(), make_user()
    seller = make_seller(owner=owner)
    SellerMember.objects.create(seller=seller, user=helper, role="staff")

    invite(client, helper, "friend@example.com")
    boss = seller.members.get(user=owner)
    response = client.post(reverse("sellers:remove_member", args=[boss.pk]))

    assert response.status_code == 403
    assert SellerInvitation.objects.exists() is False
    assert seller.members.count() == 2


def test_the_owner_stays():
    member = SellerMember.objects.create(seller=make_seller(), user=make_user())

    with pytest.raises(SellerConflict):
        onboarding.remove_member(member)

    assert SellerMember.objects.count() == 1
