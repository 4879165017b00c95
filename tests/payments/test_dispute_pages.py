"""What shops and the desk see of disputes, and what they say to the bank."""

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from checkout import (
    dispute_evidence,
    disputes,
    payments,
)
from checkout.models import (
    Dispute,
    Refund,
)
from checkout.refund_amounts import RefundRefused
from marketplace.accounts.models import User
from tests.factories import (
    make_product,
    make_seller,
    make_staff,
    make_user,
    make_variant,
)
from tests.payments.checkouts import (
    make_group,
    make_paid_group,
    start,
)
from tests.payments.test_disputes import TAKEN, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(sandbox):
    return make_paid_group(
        sandbox,
        variants=[
            make_variant(
                price_minor=price,
                product=make_product(seller=make_seller(owner=make_user())),
            )
            for price in (1000, 2000)
        ],
    )


def test_each_shop_sees_the_dispute_of_its_order_and_no_other(client, group):
    dispute = record(group, moves=[TAKEN])
    order = group.orders.first()
    page = reverse("checkout:dispute", args=[dispute.pk])
    assert client.get(page).status_code == 302
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)
    assert client.get(page).status_code == 404
    assert "No disputes" in client.get(reverse("checkout:disputes")).content.decode()

    client.force_login(User.objects.get(seller_memberships__seller=order.seller))

    shown = client.get(page).content.decode()
    assert "Product not received" in shown
    assert "without an answer the dispute is lost" in shown
    assert order.number in shown
    assert page in client.get(reverse("checkout:disputes")).content.decode()
    assert page in client.get(order.get_absolute_url()).content.decode()


def test_the_overview_names_disputes_until_the_shop_has_spoken(client, group):
    dispute = record(group, moves=[TAKEN])
    first, second = [order.seller for order in group.orders.order_by("pk")]

    def is_told(seller):
        client.force_login(User.objects.get(seller_memberships__seller=seller))
        page = client.get(reverse("sellers:overview")).content.decode()
        return "1 order is disputed" in page

    assert is_told(first)
    assert is_told(second)

    dispute_evidence.say(dispute, first, "It was handed over at the door.")

    assert not is_told(first)
    assert is_told(second)


def test_the_desk_lists_what_is_to_be_answered(client, group):
    client.force_login(make_staff(User.Role.OPERATOR))
    dispute = record(group, moves=[TAKEN])

    tiles = client.get(reverse("admin:index")).context["queues"]
    [tile] = [tile for tile in tiles if "Disputes" in str(tile.label)]
    assert tile.count == 1
    assert dispute.stripe_dispute_id in client.get(tile.url).content.decode()
    record(group, status="lost", moves=[TAKEN])

    assert tile.count == 0
    page = reverse("admin:checkout_dispute_change", args=[dispute.pk])
    assert "€18.00" in client.get(page).content.decode()


def test_one_dispute_that_waits_for_people_keeps_no_other_waiting(monkeypatch):
    asked = []

    def refresh(dispute_id):
        asked.append(dispute_id)
        raise RefundRefused("another dispute is open")

    monkeypatch.setattr(
        disputes.gateway, "dispute_ids_since", lambda since: ["one", "other"]
    )
    monkeypatch.setattr(disputes, "refresh", refresh)

    disputes.refresh_all()

    assert asked == ["one", "other"]


def test_what_the_shop_says_is_handed_in_by_the_desk_once(client, sandbox):
    owner = make_user()
    variant = make_variant(product=make_product(seller=make_seller(owner=owner)))
    group = make_group(variants=[variant])
    sandbox.pay(start(group).payment_intent_id, "pm_card_createDispute")
    payments.settle(group)
    disputes.refresh_all()
    dispute = Dispute.objects.get(payment__group=group)
    client.force_login(owner)
    page = reverse("checkout:dispute", args=[dispute.pk])
    client.post(page, {"text": "She wrote that it had come."})
    assert "She wrote that it had come." in client.get(page).content.decode()
    client.force_login(make_staff(User.Role.OPERATOR))
    url = reverse("admin:checkout_dispute_answer", args=[dispute.pk])
    text = client.get(url).context["form"].initial["text"]
    assert "She wrote that it had come." in text
    assert group.orders.get().number in text

    for _ in range(2):
        answer = client.post(url, {"text": text})

    assert "no more evidence" in answer.content.decode()
    at_stripe = sandbox.stripe.v1.disputes.retrieve(dispute.stripe_dispute_id)
    assert at_stripe.evidence.uncategorized_text == text
    dispute.refresh_from_db()
    assert dispute.status == at_stripe.status == "under_review"
    assert LogEntry.objects.get_for_object(dispute).exists()
    client.force_login(owner)
    client.post(page, {"text": "Too late."})
    assert dispute.statements.count() == 1


def test_the_bank_is_told_only_of_refunds_that_were_paid(group):
    order = group.orders.first()
    fields = {"payment": group.payment, "order": order, "currency": "EUR"}
    for status in Refund.Status:
        Refund.objects.create(
            **fields, status=status, amount_minor=1, reason=f"because {status}"
        )

    told = dispute_evidence.facts(order)

    assert "because succeeded" in told
    assert told.count("because") == 1


def test_nobody_else_answers_the_bank(client, group):
    dispute = record(group, moves=[TAKEN])
    url = reverse("admin:checkout_dispute_answer", args=[dispute.pk])
    assert client.get(url).status_code == 302
    for user in (make_staff(User.Role.MODERATOR), make_user(is_staff=True)):
        client.force_login(user)
        assert client.post(url, {"text": "x"}).status_code == 403
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)
    page = reverse("checkout:dispute", args=[dispute.pk])
    assert client.post(page, {"text": "x"}).status_code == 404
    assert dispute.statements.exists() is False


@pytest.mark.parametrize("role", [User.Role.MODERATOR, None])
def test_only_operators_look_at_disputes(client, group, role):
    client.force_login(make_staff(role) if role else make_user(is_staff=True))

    page = client.get(reverse("admin:checkout_dispute_changelist"))

    assert page.status_code == 403
