"""What must always hold between payments, orders, stock and books, each as one query.

A query answers with one line of text for each thing that does not hold.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.utils.translation import gettext as _

from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers import stock

logger = logging.getLogger(__name__)

SHOWN = 50

# Payments as they are posted now: first the buyer's, then shared out over the orders.
SHARED_OUT = """shared_out AS (
    SELECT e.reference
    FROM checkout_journalentry e
    JOIN checkout_ledgerline l ON l.entry_id = e.id
    JOIN checkout_ledgeraccount a ON a.id = l.account_id
    WHERE e.kind = 'payment' AND a.kind = 'buyer'
)"""

# What the movements say that our account at Stripe gained or lost, by reference.
POSTED = f"""
WITH {SHARED_OUT}, moved AS (
    SELECT 'payment:' || id AS reference, amount_minor AS amount
    FROM checkout_payment WHERE status IN ('succeeded', 'refunded')
    UNION ALL
    SELECT 'refund:' || id,
        CASE WHEN stripe_refund_id = '' THEN 0 ELSE -amount_minor END
    FROM checkout_refund
    WHERE status <> 'pending' AND (
        stripe_refund_id <> '' OR amount_minor = 0 OR paid_otherwise <> ''
        OR dispute_id IS NOT NULL OR exchanged_into_id IS NOT NULL
    )
    UNION ALL
    SELECT 'transfer:' || id, -amount_minor
    FROM checkout_transfer WHERE status = 'paid'
    UNION ALL
    SELECT 'reversal:' || id, amount_minor
    FROM checkout_transferreversal WHERE status = 'succeeded'
    UNION ALL
    SELECT 'sale:' || o.id, 0
    FROM checkout_order o
    JOIN checkout_payment p ON p.group_id = o.group_id AND p.status = 'succeeded'
    JOIN checkout_ordergroup g ON g.id = o.group_id AND g.status = 'paid'
    JOIN shared_out ON shared_out.reference = 'payment:' || p.id
), posted AS (
    SELECT e.reference, coalesce(sum(l.amount_minor), 0) AS amount
    FROM checkout_journalentry e
    LEFT JOIN (
        checkout_ledgerline l
        JOIN checkout_ledgeraccount a ON a.id = l.account_id AND a.kind = 'stripe'
    ) ON l.entry_id = e.id
    WHERE e.kind IN ('payment', 'refund', 'transfer', 'reversal', 'sale')
    GROUP BY e.id
)
SELECT CASE
    WHEN posted.reference IS NULL THEN moved.reference || ' is not in the books'
    WHEN moved.reference IS NULL THEN posted.reference || ' has not happened'
    ELSE moved.reference || ' is in the books with ' || posted.amount
        || ' instead of ' || moved.amount
END
FROM moved FULL JOIN posted ON posted.reference = moved.reference
WHERE moved.amount IS DISTINCT FROM posted.amount
ORDER BY 1
"""

ENTRIES = """
SELECT e.reference || ' is off by ' || s.off || ' ' || s.currency
FROM (
    SELECT l.entry_id, a.currency, sum(l.amount_minor) AS off
    FROM checkout_ledgerline l
    JOIN checkout_ledgeraccount a ON a.id = l.account_id
    GROUP BY l.entry_id, a.currency
    HAVING sum(l.amount_minor) <> 0
) s
JOIN checkout_journalentry e ON e.id = s.entry_id
ORDER BY e.id
"""

CURRENCIES = """
SELECT 'the ' || a.currency || ' accounts add up to ' || sum(l.amount_minor)
FROM checkout_ledgerline l
JOIN checkout_ledgeraccount a ON a.id = l.account_id
GROUP BY a.currency
HAVING sum(l.amount_minor) <> 0
"""

ORDERS = """
SELECT 'order ' || e.order_id || ' is off by ' || sum(l.amount_minor) || ' '
    || a.currency
FROM checkout_journalentry e
JOIN checkout_ledgerline l ON l.entry_id = e.id
JOIN checkout_ledgeraccount a ON a.id = l.account_id
WHERE e.order_id IS NOT NULL
GROUP BY e.order_id, a.currency
HAVING sum(l.amount_minor) <> 0
ORDER BY e.order_id
"""

# Sold, or still waited for: no more than the lines say, and no fewer but for what was
# refunded before it came in.
SOLD = """
WITH bought AS (
    SELECT CASE WHEN o.exchange_of_id IS NULL THEN 'group:' || o.group_id
            ELSE 'exchange:' || o.id END AS reference,
        l.variant_id, sum(l.quantity) AS quantity, sum(l.refunded_quantity) AS refunded
    FROM checkout_orderline l
    JOIN checkout_order o ON o.id = l.order_id
    JOIN checkout_ordergroup g ON g.id = o.group_id
    WHERE g.status = 'paid' AND l.variant_id IS NOT NULL
    GROUP BY 1, l.variant_id
), moved AS (
    SELECT reference, variant_id, -sum(quantity) AS quantity
    FROM sellers_stockmovement WHERE reason = 'sale'
    GROUP BY reference, variant_id
)
SELECT 'variant ' || b.variant_id || ' of ' || b.reference || ': ' || b.quantity
    || ' bought, ' || coalesce(m.quantity, 0) || ' off the shelf, '
    || coalesce(r.backordered, 0) || ' waited for'
FROM bought b
LEFT JOIN moved m USING (reference, variant_id)
LEFT JOIN sellers_stockreservation r USING (reference, variant_id)
WHERE coalesce(m.quantity, 0) + coalesce(r.backordered, 0)
    NOT BETWEEN b.quantity - b.refunded AND b.quantity
ORDER BY 1
"""

ONE_END = """
SELECT p.payment_intent_id || ' is ' || p.status || ', its order group is ' || g.status
    || ', of ' || p.amount_minor || ' ' || r.owed || ' to be sent back, '
    || r.done || ' sent back'
FROM checkout_payment p
JOIN checkout_ordergroup g ON g.id = p.group_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor) FILTER (
            WHERE status IN ('pending', 'failed') AND came_back_at IS NULL
        ), 0) AS owed,
        coalesce(sum(amount_minor) FILTER (
            WHERE status = 'succeeded' OR came_back_at IS NOT NULL
        ), 0) AS done
    FROM checkout_refund
    WHERE payment_id = p.id AND order_id IS NULL AND instead_of_id IS NULL
) r
WHERE NOT CASE
    WHEN p.status = 'succeeded' AND g.status = 'paid' THEN r.owed + r.done = 0
    WHEN p.status = 'succeeded' AND g.status = 'refunded'
        THEN r.owed = p.amount_minor AND r.done = 0
    WHEN p.status = 'refunded' AND g.status = 'refunded'
        THEN r.owed + r.done = p.amount_minor AND r.done > 0
    ELSE p.status IN ('pending', 'canceled') AND g.status IN ('pending', 'canceled')
END
ORDER BY p.id
"""

# Charge − refunds − (transfers − reversals) − what the platform keeps, as the rows say,
# is what the books still hold for the sellers of the group.  A refund that came back
# is the buyer's still, and counts once whoever pays it in the end.
CHARGES = f"""
WITH {SHARED_OUT}, orders AS (
    SELECT o.id, o.group_id,
        o.subsidy_minor - o.shipping_commission_minor - o.shipping_commission_tax_minor
            - coalesce(l.kept, 0) + coalesce(r.kept, 0) - coalesce(r.amount, 0)
            - coalesce(t.amount, 0) + coalesce(v.amount, 0) AS amount,
        coalesce(b.amount, 0) AS in_books
    FROM checkout_order o
    LEFT JOIN (
        SELECT order_id, sum(commission_minor + commission_tax_minor) AS kept
        FROM checkout_orderline GROUP BY order_id
    ) l ON l.order_id = o.id
    LEFT JOIN (
        SELECT order_id,
            sum(amount_minor) FILTER (WHERE exchanged_into_id IS NULL) AS amount,
            sum(
                commission_minor + commission_tax_minor - subsidy_minor
                + platform_minor
            ) AS kept
        FROM checkout_refund
        WHERE (status = 'succeeded' OR came_back_at IS NOT NULL)
            AND instead_of_id IS NULL
        GROUP BY order_id
    ) r ON r.order_id = o.id
    LEFT JOIN (
        SELECT order_id, sum(amount_minor) AS amount
        FROM checkout_transfer WHERE status = 'paid' GROUP BY order_id
    ) t ON t.order_id = o.id
    LEFT JOIN (
        SELECT t.order_id, sum(v.amount_minor) AS amount
        FROM checkout_transferreversal v
        JOIN checkout_transfer t ON t.id = v.transfer_id
        WHERE v.status = 'succeeded' GROUP BY t.order_id
    ) v ON v.order_id = o.id
    LEFT JOIN (
        SELECT e.order_id, -sum(l.amount_minor) AS amount
        FROM checkout_journalentry e
        JOIN checkout_ledgerline l ON l.entry_id = e.id
        JOIN checkout_ledgeraccount a ON a.id = l.account_id
        WHERE a.kind IN ('seller', 'reserve', 'owes') AND e.kind <> 'dispute'
        GROUP BY e.order_id
    ) b ON b.order_id = o.id
)
SELECT p.payment_intent_id || ': ' || p.amount_minor + sum(o.amount)
    || ' are left of the charge, and the books hold ' || sum(o.in_books)
FROM checkout_payment p
JOIN checkout_ordergroup g ON g.id = p.group_id
JOIN orders o ON o.group_id = g.id
JOIN shared_out ON shared_out.reference = 'payment:' || p.id
WHERE p.status = 'succeeded' AND g.status = 'paid'
GROUP BY p.id
HAVING p.amount_minor + sum(o.amount) <> sum(o.in_books)
ORDER BY p.id
"""

# All was sent, taken back or kept: nothing may be left on the seller's account.
SETTLED = """
SELECT 'order ' || o.id || ' is settled, and ' || -sum(l.amount_minor)
    || ' are left for its seller'
FROM checkout_order o
JOIN checkout_journalentry e ON e.order_id = o.id
JOIN checkout_ledgerline l ON l.entry_id = e.id
JOIN checkout_ledgeraccount a ON a.id = l.account_id AND a.kind = 'seller'
WHERE o.status = 'completed'
    AND EXISTS (
        SELECT 1 FROM checkout_journalentry s WHERE s.reference = 'sale:' || o.id
    )
    AND NOT EXISTS (
        SELECT 1 FROM checkout_refund r
        WHERE r.order_id = o.id AND r.status IN ('pending', 'failed')
            AND r.came_back_at IS NULL
    )
    AND NOT EXISTS (
        SELECT 1 FROM checkout_transfer t
        LEFT JOIN checkout_transferreversal v ON v.transfer_id = t.id
        WHERE t.order_id = o.id AND (t.status <> 'paid' OR v.status = 'pending')
    )
    AND NOT EXISTS (
        SELECT 1 FROM checkout_journalentry d
        WHERE d.order_id = o.id AND d.kind = 'dispute'
    )
GROUP BY o.id
HAVING sum(l.amount_minor) <> 0
ORDER BY o.id
"""

SELLERS = """
WITH rows AS (
    SELECT 'reserve' AS kind, o.seller_id, r.currency,
        -sum(r.amount_minor - r.used_minor) AS amount
    FROM checkout_reserve r JOIN checkout_order o ON o.id = r.order_id
    WHERE r.released_at IS NULL GROUP BY o.seller_id, r.currency
    UNION ALL
    SELECT 'owes', o.seller_id, d.currency, sum(d.amount_minor - d.recovered_minor)
    FROM checkout_sellerdebt d JOIN checkout_order o ON o.id = d.order_id
    GROUP BY o.seller_id, d.currency
), books AS (
    SELECT a.kind, a.seller_id, a.currency, sum(l.amount_minor) AS amount
    FROM checkout_ledgeraccount a
    JOIN checkout_ledgerline l ON l.account_id = a.id
    WHERE a.kind IN ('reserve', 'owes') GROUP BY a.id
)
SELECT 'account ' || kind || ' of seller ' || seller_id || ' holds '
    || coalesce(books.amount, 0) || ' instead of ' || coalesce(rows.amount, 0)
FROM rows FULL JOIN books USING (kind, seller_id, currency)
WHERE coalesce(rows.amount, 0) <> coalesce(books.amount, 0)
ORDER BY 1
"""

# Payments that came too late, and what a buyer's bank sent back.
OWED_BACK = """
WITH rows AS (
    SELECT r.currency, sum(r.amount_minor) AS amount
    FROM checkout_refund r
    LEFT JOIN checkout_refund s ON s.instead_of_id = r.id
        AND (s.status = 'succeeded' OR s.came_back_at IS NOT NULL)
    WHERE s.id IS NULL AND (
        r.came_back_at IS NOT NULL
        OR r.order_id IS NULL AND r.instead_of_id IS NULL AND r.status <> 'succeeded'
    )
    GROUP BY r.currency
), books AS (
    SELECT a.currency, -sum(l.amount_minor) AS amount
    FROM checkout_ledgeraccount a
    JOIN checkout_ledgerline l ON l.account_id = a.id
    WHERE a.kind = 'refunds' GROUP BY a.currency
)
SELECT 'buyers are owed ' || coalesce(rows.amount, 0) || ' ' || currency
    || ', in the books ' || coalesce(books.amount, 0)
FROM rows FULL JOIN books USING (currency)
WHERE coalesce(rows.amount, 0) <> coalesce(books.amount, 0)
ORDER BY 1
"""

PAID = """
SELECT 'order group ' || g.number || ' is paid, but not by a payment of '
    || g.total_minor || ' ' || g.currency
FROM checkout_ordergroup g
LEFT JOIN checkout_payment p ON p.group_id = g.id AND p.status = 'succeeded'
    AND p.amount_minor = g.total_minor AND p.currency = g.currency
WHERE g.status = 'paid' AND p.id IS NULL
ORDER BY g.id
"""

PARTS = """
SELECT 'order group ' || g.number || ' is of ' || g.total_minor
    || ', its orders add up to ' || sum(o.total_minor)
FROM checkout_ordergroup g
JOIN checkout_order o ON o.group_id = g.id AND o.exchange_of_id IS NULL
WHERE g.status = 'paid'
GROUP BY g.id
HAVING g.total_minor <> sum(o.total_minor)
ORDER BY g.id
"""

UNPAID = """
SELECT 'order ' || o.id || ' is ' || o.status || ', its order group is ' || g.status
FROM checkout_order o
JOIN checkout_ordergroup g ON g.id = o.group_id
WHERE g.status <> 'paid' AND o.status NOT IN ('pending', 'canceled')
ORDER BY o.id
"""


@dataclass(frozen=True)
class Invariant:
    name: str
    title: str
    checks: tuple[Callable[[], list[str]], ...]


def ask(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {SHOWN}")
        return [fault for (fault,) in cursor.fetchall()]


def checks(*queries: str) -> tuple[Callable[[], list[str]], ...]:
    return tuple(partial(ask, query) for query in queries)


INVARIANTS = [
    Invariant(
        "I1",
        "the books add up to 0: each entry, each currency, each order",
        checks(ENTRIES, CURRENCIES, ORDERS, POSTED),
    ),
    Invariant(
        "I2",
        "what was sold has left the shelf, and no more",
        (*checks(SOLD), stock.disagreements),
    ),
    Invariant(
        "I3", "a payment has one end: a paid order, or all of it back", checks(ONE_END)
    ),
    Invariant(
        "I4",
        "of each charge all is accounted for",
        checks(CHARGES, SETTLED, SELLERS, OWED_BACK),
    ),
    Invariant("I5", "nothing is paid without its payment", checks(PAID, PARTS, UNPAID)),
]


def faults_of(invariant: Invariant) -> list[str]:
    return [fault for check in invariant.checks for fault in check()[:SHOWN]]


def tell_what_does_not_hold() -> None:
    """The clock's check: silent while all holds, else those who run the site know."""
    faults = [
        f"{invariant.name}: {fault}"
        for invariant in INVARIANTS
        for fault in faults_of(invariant)
    ]
    if not faults:
        return
    logger.error("the books do not hold: %s", "; ".join(faults))
    for user in User.objects.filter(is_superuser=True, is_active=True):
        notify(
            user, _("The books do not add up"), "checkout/books_off", {"faults": faults}
        )
