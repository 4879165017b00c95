"""What Stripe Tax is told of sales and refunds, and how the sandbox takes it."""

import pytest
from django.urls import reverse

from checkout import (
    bounced_refunds,
    disbursing,
    exchanges,
    gateway,
    payments,
    return_requests,
    returns,
    tax_gateway,
    tax_records,
)
from checkout.models import Refund, TaxRecord, TaxReversal
from checkout.refund_amounts import Claim
from marketplace.accounts.models import User
from tests.factories import (
    make_cart,
    make_coupon,
    make_product,
    make_staff,
    make_variant,
)
from tests.payments.checkouts import assert_books_hold, start
from tests.payments.test_payouts import make_due
from tests.payments.test_stripe_tax import place_order, two_lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(settings):
    settings.STRIPE_TAX = True


def make_paid(sandbox):
    group = place_order(cart=two_lines())
    sandbox.pay(start(group).payment_intent_id)
    return payments.settle(group)


@pytest.fixture
def paid(sandbox):
    return make_paid(sandbox)


def at_stripe(sandbox, transaction_id):
    return sandbox.stripe.v1.tax.transactions.retrieve(transaction_id).to_dict()


def sold(order):
    for _ in range(2):
        tax_records.record(order.pk)
    return TaxRecord.objects.get(order=order)


def refund(order, **claim):
    made = returns.refund_claim(order, Claim(**claim), reason="Late", by=None)
    disbursing.send_refund(Refund.objects.get(pk=made.pk))
    for _ in range(2):
        tax_records.reverse(made.pk)
    return TaxReversal.objects.get(refund=made)


def refuse_all(**_told):
    raise gateway.Refused("The calculation has expired.")


def tax_in(transaction):
    items = sum(item["amount_tax"] for item in transaction["line_items"]["data"])
    return items + (transaction["shipping_cost"] or {"amount_tax": 0})["amount_tax"]


def test_what_is_paid_is_recorded_once(sandbox, paid):
    order = paid.orders.get()

    record = sold(order)

    made = at_stripe(sandbox, record.stripe_transaction_id)
    assert made["reference"] == f"order:{order.pk}"
    assert tax_in(made) == order.tax_minor == 477
    items = {item["id"] for item in made["line_items"]["data"]}
    assert set(record.lines.values()) == items
    assert_books_hold()


def test_what_is_paid_back_is_taken_back_to_the_cent(sandbox, paid):
    order = paid.orders.get()
    record = sold(order)
    first, second = order.lines.order_by("pk")

    reversals = [
        refund(order, goodwill_minor=333),
        refund(order, quantities={first.pk: 1}, shipping_minor=100),
        refund(order, quantities={first.pk: 1, second.pk: 1}),
    ]

    order.refresh_from_db()
    assert order.refunded_minor == order.total_minor
    made = [at_stripe(sandbox, one.stripe_transaction_id) for one in reversals]
    assert {one["type"] for one in made} == {"reversal"}
    assert sum(map(tax_in, made)) == -order.tax_minor
    [old] = {one["reversal"]["original_transaction"] for one in made}
    assert old == record.stripe_transaction_id


def test_the_lines_after_the_tenth_are_taxed_and_recorded_too(sandbox):
    """Stripe's answers have the first ten alone."""
    product = make_product()
    cart = make_cart(variant=make_variant(product=product, price_minor=1190))
    for number in range(11):
        values = [f"No. {number}"]
        cart.lines.create(
            variant=make_variant(
                product=product, price_minor=1190, option_values=values
            )
        )

    group = place_order(cart=cart)

    order = group.orders.get()
    assert [line.tax_minor for line in order.lines.all()] == [190] * 12
    sandbox.pay(start(group).payment_intent_id)
    payments.settle(group)
    record = sold(order)
    assert len(set(record.lines.values())) == order.lines.count() == 12
    last = order.lines.order_by("pk").last()
    row = refund(order, quantities={last.pk: 1})
    [item] = at_stripe(sandbox, row.stripe_transaction_id)["line_items"]["data"]
    assert (item["amount"], item["amount_tax"]) == (-1190, -190)


def test_where_tax_comes_on_top_it_is_taken_back_beside_the_amount(sandbox):
    place = {"country": "CA", "region": "ON", "postal_code": "K1A 0B1"}
    group = place_order(cart=two_lines(), address=place)
    sandbox.pay(start(group).payment_intent_id)
    order = payments.settle(group).orders.get()
    sold(order)

    row = refund(order, quantities={line.pk: line.left for line in order.lines.all()})

    made = at_stripe(sandbox, row.stripe_transaction_id)
    amounts = sorted(item["amount"] for item in made["line_items"]["data"])
    assert amounts == [-2000, -500]
    assert made["shipping_cost"]["amount"] == -490
    assert tax_in(made) == -order.tax_minor


def test_what_was_refunded_before_it_was_recorded_waits_for_the_clock(paid):
    order = paid.orders.get()

    row = refund(order, goodwill_minor=100)

    assert (row.stripe_transaction_id, row.problem) == ("", "")
    sold(order)
    tax_records.reverse(row.refund_id)
    row.refresh_from_db()
    assert row.stripe_transaction_id


def test_what_was_exchanged_is_taken_back_of_the_line_that_came_back(sandbox, paid):
    order = paid.orders.get()
    record = sold(order)
    line = order.lines.order_by("pk").first()
    make_due(order)
    other = make_variant(
        product=line.variant.product,
        option_values=["L"],
        price_minor=line.variant.price_minor,
    )
    details = return_requests.Details(exchange_for=other)
    asked = return_requests.ask(order, {line.pk: 1}, "Too small", details)
    made = exchanges.exchange(asked, None, is_restocked=False)

    gone = returns.cancel_order(made, reason="Never mind", by=None)
    disbursing.send_refund(Refund.objects.get(pk=gone.pk))
    tax_records.reverse(gone.pk)

    row = TaxReversal.objects.get()
    [item] = at_stripe(sandbox, row.stripe_transaction_id)["line_items"]["data"]
    assert item["reversal"]["original_line_item"] == record.lines[str(line.pk)]
    assert (item["amount"], item["amount_tax"]) == (-1000, -gone.tax_minor)
    assert gone.tax_minor == 160


def test_what_came_back_before_it_was_told_is_told_all_the_same(paid, monkeypatch):
    """Another refund pays it, of which Stripe Tax is told nothing."""
    order = paid.orders.get()
    sold(order)
    made = returns.refund_claim(
        order, Claim(goodwill_minor=100), reason="Late", by=None
    )
    disbursing.send_refund(Refund.objects.get(pk=made.pk))
    made.refresh_from_db()
    bounced_refunds.record_failure({"id": made.stripe_refund_id})
    monkeypatch.setattr(tax_records, "GRACE", -tax_records.GRACE)
    assert tax_records.untold_refunds() == [made.pk]

    tax_records.reverse(made.pk)

    assert TaxReversal.objects.get(refund=made).stripe_transaction_id
    assert tax_records.untold_refunds() == []


def test_a_refund_that_stripe_refused_takes_no_tax_back(paid):
    order = paid.orders.get()
    sold(order)
    made = returns.refund_claim(
        order, Claim(goodwill_minor=100), reason="Late", by=None
    )
    disbursing.record_refusal(made, gateway.Refused("No."))

    tax_records.reverse(made.pk)

    assert TaxReversal.objects.exists() is False


def test_beside_a_line_that_cost_nothing_the_others_go_back_line_by_line(sandbox):
    """A coupon had paid for the one, so Stripe was not asked about it."""
    cart = two_lines()
    free = cart.lines.order_by("pk").last().variant
    other = make_product(seller=free.product.seller)
    cart.lines.create(variant=make_variant(product=other, price_minor=1190))
    coupon = make_coupon(basis_points=10_000, scope="products")
    coupon.products.add(free.product)
    group = place_order(cart=cart, coupon_code=coupon.code)
    sandbox.pay(start(group).payment_intent_id)
    order = payments.settle(group).orders.get()
    sold(order)

    row = refund(order, quantities={line.pk: line.left for line in order.lines.all()})

    made = at_stripe(sandbox, row.stripe_transaction_id)
    [item] = made["line_items"]["data"]
    assert (item["amount"], item["amount_tax"]) == (-1190, -190)
    assert tax_in(made) == -order.tax_minor


def test_what_stripe_does_not_take_is_left_to_people(paid, monkeypatch):
    order = paid.orders.get()

    monkeypatch.setattr(tax_gateway, "record", refuse_all)

    assert sold(order).problem == "The calculation has expired."


def test_an_operator_reads_why_and_has_it_told_again(client, paid, monkeypatch):
    order = paid.orders.get()
    with monkeypatch.context() as patch:
        patch.setattr(tax_gateway, "record", refuse_all)
        row = sold(order)
    client.force_login(make_staff(User.Role.OPERATOR))
    listed = client.get(reverse("admin:checkout_taxrecord_changelist"))
    assert "The calculation has expired." in listed.content.decode()
    again = reverse("admin:checkout_taxrecord_decide", args=[row.pk, "again"])

    asked = client.get(again).content.decode()
    assert ("Nobody gets a mail" in asked, "<textarea" in asked) == (True, False)
    for _ in range(2):
        client.post(again)
    row = sold(order)

    assert (bool(row.stripe_transaction_id), row.problem) == (True, "")
    page = client.get(reverse("admin:checkout_taxrecord_change", args=[row.pk]))
    assert page.content.decode().count("told again") == 1
    assert 'href="../decide/again/"' not in page.content.decode()


def test_who_is_no_operator_does_not_see_it(client, paid):
    row = sold(paid.orders.get())
    client.force_login(make_staff(User.Role.MODERATOR))

    for name, args in [("changelist", []), ("decide", [row.pk, "again"])]:
        url = reverse(f"admin:checkout_taxrecord_{name}", args=args)
        assert client.get(url).status_code in (403, 404)


def test_what_a_lost_task_left_untold_is_found(paid, monkeypatch):
    order = paid.orders.get()
    assert tax_records.untold_orders() == []
    monkeypatch.setattr(tax_records, "GRACE", -tax_records.GRACE)
    assert tax_records.untold_orders() == [order.pk]
    sold(order)
    assert tax_records.untold_orders() == []

    made = returns.refund_claim(
        order, Claim(goodwill_minor=100), reason="Late", by=None
    )
    disbursing.send_refund(Refund.objects.get(pk=made.pk))
    assert tax_records.untold_refunds() == [made.pk]
    tax_records.reverse(made.pk)
    assert tax_records.untold_refunds() == []


def test_stripe_is_asked_again_after_an_address_that_it_cannot_place(sandbox):
    vague = {"country": "DEX", "postal_code": "1"}
    request = {
        "currency": "eur",
        "line_items": [{"amount": 1, "reference": "a"}],
        "customer_details": {"address": vague, "address_source": "shipping"},
    }

    with pytest.raises(gateway.Refused) as refused:
        tax_gateway.calculate(key="k", request=request)

    assert refused.value.code == "customer_tax_location_invalid"


def test_the_sandbox_takes_a_reference_once_and_no_more_back_than_there_was(
    sandbox, paid
):
    order = paid.orders.get()
    record = sold(order)
    [item, *_rest] = record.lines.values()
    back = {
        "line_items": [
            {
                "original_line_item": item,
                "amount": -9999,
                "amount_tax": 0,
                "reference": "a",
            }
        ]
    }

    for reference, text in (("refund:x", "more than"), (f"order:{order.pk}", "exists")):
        with pytest.raises(gateway.Refused, match=text):
            tax_gateway.reverse(
                key=f"key-{reference}",
                transaction_id=record.stripe_transaction_id,
                reference=reference,
                parts=back,
            )


def test_the_sandbox_answers_as_stripe_python_says(sandbox, paid):
    record = sold(paid.orders.get())
    api = sandbox.stripe.v1.tax
    calculation = api.calculations.create(
        {
            "currency": "eur",
            "line_items": [{"amount": 100, "reference": "a"}],
            "customer_details": {"address": {"country": "DE"}},
            "shipping_cost": {"amount": 10},
        }
    )

    for one in (
        calculation,
        calculation.line_items.data[0],
        calculation.shipping_cost,
        api.transactions.retrieve(record.stripe_transaction_id),
    ):
        names = {
            name for name in type(one).__annotations__ if name != "OBJECT_NAME"
        } - {"_inner_class_types"}
        assert set(one.to_dict()) == names
