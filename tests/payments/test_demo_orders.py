import pytest
from django.db.models import Count

from checkout.models import (
    JournalEntry,
    Order,
    OrderGroup,
    Refund,
    ReturnRequest,
    TaxRecord,
    Transfer,
)
from marketplace.demo import people, trade
from sellers.models import StockLevel
from tests.factories import make_seller, make_shipping_rate, make_user, make_variant
from tests.payments.checkouts import assert_books_hold


def by_status(model):
    counts = model.objects.order_by().values_list("status").annotate(Count("pk"))
    return dict(counts)


@pytest.fixture
def shopping_street():
    """Two sellers with plenty of stock, and people who buy."""
    sellers = [make_seller(owner=make_user()) for _ in range(2)]
    for seller in sellers:
        make_shipping_rate(seller=seller)
        for _ in range(5):
            product = make_variant(stock=200).product
            product.seller = seller
            product.save()
    trade.connect_accounts(sellers)
    return people.shopper(), people.crowd()


@pytest.mark.django_db(transaction=True)
def test_the_demos_orders_are_in_every_state_and_not_played_twice(
    sandbox, eager_tasks, shopping_street
):
    trade.trade(*shopping_street)

    assert set(by_status(Order)) == set(Order.Status.values)
    assert by_status(OrderGroup)["pending"] == 1
    assert set(by_status(ReturnRequest)) == {"requested", "refunded"}
    assert set(by_status(Refund)) == {"succeeded"}
    assert set(by_status(Transfer)) == {"paid"}
    assert_books_hold()
    before = by_status(Order), JournalEntry.objects.count()

    trade.trade(*shopping_street)

    assert (by_status(Order), JournalEntry.objects.count()) == before
    assert StockLevel.objects.filter(reserved__gt=0).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_demo_orders_with_the_taxes_of_stripe_too(
    sandbox, settings, shopping_street
):
    settings.STRIPE_TAX = True
    shopper, _people = shopping_street
    story = trade.Story("unpaid", 0.01, (1, 2))

    group = trade.place(story, shopper, "demo-0", 0)

    assert TaxRecord.objects.filter(order__group=group).count() == group.orders.count()
