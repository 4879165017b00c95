"""How long `manage.py ledger_check` takes on a million journal lines.

python -m bench.books [--lines 1000000]     in a database of its own, dropped after
"""

import argparse
import os
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.db import connection, models, transaction  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.utils import timezone  # noqa: E402

from checkout import invariants, ledger  # noqa: E402
from checkout.models import (  # noqa: E402
    LedgerAccount,
    LedgerLine,
    Order,
    OrderGroup,
    OrderLine,
    Payment,
    Transfer,
)
from sellers.models import StockMovement, StockReservation  # noqa: E402
from tests import factories  # noqa: E402

SELLERS = 50
VARIANTS = 500
# Of an order: payment 2, sale 3, transfer 2.
LINES_OF_AN_ORDER = 7
AT_ONCE = 50_000
ENTRIES = {"payment": 1, "sale": 2, "transfer": 3}
Kind = LedgerAccount.Kind


def fill(orders):
    """So many orders, paid, delivered and sent to their sellers, as copies of one."""
    sellers = [factories.make_seller() for _ in range(SELLERS)]
    products = [factories.make_product(seller=seller) for seller in sellers]
    variants = [
        factories.make_variant(
            product=products[n % SELLERS], option_values=[str(n)], stock=orders
        )
        for n in range(VARIANTS)
    ]
    for seller in sellers:
        ledger.account(Kind.SELLER, "EUR", seller)
    for kind in (Kind.STRIPE, Kind.BUYER, Kind.COMMISSION):
        ledger.account(kind, "EUR")
    first = make_first(variants[0])
    seller = f"{sellers[0].pk} + n % {SELLERS}"
    variant = f"{variants[0].pk} + n % {VARIANTS}"
    copies = copies_of(first, seller, variant)
    with connection.cursor() as cursor:
        # Bare tables: what the triggers would refuse, the check is to find.
        cursor.execute("SET session_replication_role = replica")
        for start in range(1, orders, AT_ONCE):
            numbers = f"generate_series({start}, {min(start + AT_ONCE, orders) - 1}) n"
            for model, values in copies:
                cursor.execute(copy_of(model, values, numbers))
            for statement in line_statements(first, seller, numbers):
                cursor.execute(statement)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(
            "UPDATE sellers_stocklevel level SET on_hand = moved.quantity FROM ("
            "SELECT variant_id, sum(quantity) AS quantity FROM sellers_stockmovement"
            " GROUP BY variant_id) moved WHERE moved.variant_id = level.variant_id"
        )


@transaction.atomic
def make_first(variant):
    order = factories.make_order(variant=variant, status=Order.Status.COMPLETED)
    group, now = order.group, timezone.now()
    payment = Payment.objects.create(
        group=group,
        payment_intent_id="pi_0",
        status=Payment.Status.SUCCEEDED,
        amount_minor=group.total_minor,
        currency=group.currency,
        succeeded_at=now,
    )
    reference = group.reservation_reference
    StockReservation.objects.create(
        variant=variant, quantity=1, status="taken", reference=reference, expires_at=now
    )
    StockMovement.objects.create(
        variant=variant, quantity=-1, reason="sale", reference=reference
    )
    ledger.post_payment(payment)
    transfer = Transfer.objects.create(
        order=order,
        amount_minor=order.total_minor - ledger.commission_of(order)[0],
        currency=group.currency,
        status=Transfer.Status.PAID,
    )
    ledger.post_transfer(transfer)
    return order


def copies_of(order, seller, variant):
    """What differs between the copies, as SQL over their number `n`."""
    group, payment = order.group, order.group.payment
    line, transfer = order.lines.get(), order.transfers.get()
    reservation = StockReservation.objects.get()
    movement = StockMovement.objects.get(reason="sale")
    group_id, order_id = f"{group.pk} + n", f"{order.pk} + n"
    reference = f"'group:' || {group_id}"
    return [
        (
            OrderGroup,
            {
                "id": group_id,
                "number": "lpad(n::text, 10, 'N')",
                "token": "md5(n::text)",
                "checkout_key": "md5('key' || n)",
            },
        ),
        (Order, {"id": order_id, "group_id": group_id, "seller_id": seller}),
        (
            OrderLine,
            {"id": f"{line.pk} + n", "order_id": order_id, "variant_id": variant},
        ),
        (
            Payment,
            {
                "id": f"{payment.pk} + n",
                "group_id": group_id,
                "payment_intent_id": "'pi_' || n",
            },
        ),
        (Transfer, {"id": f"{transfer.pk} + n", "order_id": order_id}),
        (
            StockReservation,
            {
                "id": f"{reservation.pk} + n",
                "variant_id": variant,
                "reference": reference,
            },
        ),
        (
            StockMovement,
            {"id": f"{movement.pk} + n", "variant_id": variant, "reference": reference},
        ),
    ]


def copy_of(model, values, numbers):
    fields = [
        field.column
        for field in model._meta.concrete_fields
        if not isinstance(field, models.GeneratedField)
    ]
    columns = ", ".join(f'"{name}"' for name in fields)
    chosen = ", ".join(values.get(name, f'old."{name}"') for name in fields)
    table = model._meta.db_table
    # The one that all are copies of, not the copies.
    first = f"(SELECT * FROM {table} ORDER BY id LIMIT 1)"
    if model is StockMovement:
        first = f"(SELECT * FROM {table} WHERE reason = 'sale' ORDER BY id LIMIT 1)"
    return (
        f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {first} old, {numbers}"
    )


def line_statements(order, seller, numbers):
    """The entries of each copy, and their lines with the accounts of its seller."""
    order_id = f"{order.pk} + n"
    pks = {
        "payment": order.group.payment.pk,
        "sale": order.pk,
        "transfer": order.transfers.get().pk,
    }
    total = order.total_minor
    commission = ledger.commission_of(order)[0]
    share = total - commission
    amounts = {
        "payment": {"stripe": total, "buyer": -total},
        "sale": {"buyer": total, "seller": -share, "commission": -commission},
        "transfer": {"seller": share, "stripe": -share},
    }
    for kind, nth in ENTRIES.items():
        entry_id = f"{len(ENTRIES)} * n + {nth}"
        owner = "NULL" if kind == "payment" else order_id
        yield (
            "INSERT INTO checkout_journalentry (id, kind, reference, order_id,"
            f" created_at) SELECT {entry_id}, '{kind}', '{kind}:' || {pks[kind]} + n,"
            f" {owner}, now() FROM {numbers}"
        )
        for account, amount in amounts[kind].items():
            whose = f"= {seller}" if account == "seller" else "IS NULL"
            yield (
                "INSERT INTO checkout_ledgerline (entry_id, account_id, amount_minor)"
                f" SELECT {entry_id}, a.id, {amount} FROM {numbers}"
                f" JOIN checkout_ledgeraccount a ON a.kind = '{account}'"
                f" AND a.seller_id {whose}"
            )


def report():
    print(f"{LedgerLine.objects.count()} lines of {Order.objects.count()} orders\n")
    print("| | seconds | faults |\n|---|---|---|")
    whole = time.perf_counter()
    for invariant in invariants.INVARIANTS:
        began = time.perf_counter()
        faults = invariants.faults_of(invariant)
        took = time.perf_counter() - began
        print(f"| {invariant.name} {invariant.title} | {took:.1f} | {len(faults)} |")
        for fault in faults[:3]:
            print(f"    {fault}")
    print(f"| all | {time.perf_counter() - whole:.1f} | |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        fill(-(-options.lines // LINES_OF_AN_ORDER))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        report()
    finally:
        connection.close()
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
