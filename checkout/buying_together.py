"""Which products people buy together, counted from what they kept of their orders."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from checkout.models import Order, OrderGroup, OrderLine
from sellers.models import Variant
from videos.models import ProductPair

# Of each product the closest so many.
KEPT = 12
# Who buys more at once stocks a shop, and says nothing of any two things.
LARGEST_ORDER = 50

# `kept` has a row for each product of which somebody kept a unit.  People are told
# apart by account, guests by their address: who orders ten times is one of them.
COUNT = """
WITH kept AS MATERIALIZED (
    SELECT DISTINCT o.group_id, v.product_id,
           coalesce(g.user_id::text, lower(g.email)) AS buyer
    FROM {line} l
    JOIN {order} o ON o.id = l.order_id
    JOIN {group} g ON g.id = o.group_id
    JOIN {variant} v ON v.id = l.variant_id
    WHERE g.paid_at >= %(since)s AND o.status <> %(canceled)s
      AND l.refunded_quantity < l.quantity
), usual AS (
    SELECT group_id FROM kept GROUP BY group_id
    HAVING count(*) BETWEEN 2 AND %(largest)s
), alone AS (
    SELECT product_id, count(DISTINCT buyer) AS buyers FROM kept GROUP BY product_id
), both_ AS (
    SELECT a.product_id, b.product_id AS other_id, count(DISTINCT a.buyer) AS buyers
    FROM usual
    JOIN kept a USING (group_id)
    JOIN kept b USING (group_id)
    WHERE a.product_id <> b.product_id
    GROUP BY 1, 2
    HAVING count(DISTINCT a.buyer) >= %(buyers)s
), weighed AS (
    SELECT p.product_id, p.other_id, p.buyers,
           p.buyers::float * (SELECT count(DISTINCT buyer) FROM kept)
               / (a.buyers * b.buyers) AS lift,
           p.buyers / sqrt(a.buyers * b.buyers) AS weight
    FROM both_ p
    JOIN alone a ON a.product_id = p.product_id
    JOIN alone b ON b.product_id = p.other_id
), placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY product_id ORDER BY weight DESC, other_id
    ) AS place
    FROM weighed WHERE lift >= %(lift)s
)
SELECT product_id, other_id, buyers, lift, weight FROM placed
WHERE place <= %(kept)s ORDER BY product_id, place
"""


def count_pairs() -> None:
    """All anew, so that what was given back since counts no more."""
    ProductPair.objects.replace(list(pairs_of_orders()))


def pairs_of_orders():
    tables = {
        "line": OrderLine._meta.db_table,
        "order": Order._meta.db_table,
        "group": OrderGroup._meta.db_table,
        "variant": Variant._meta.db_table,
    }
    limits = settings.FEED_TOGETHER
    asked = {
        "since": timezone.now() - timedelta(days=limits["days"]),
        "canceled": Order.Status.CANCELED,
        "buyers": limits["buyers"],
        "lift": limits["lift"],
        "largest": LARGEST_ORDER,
        "kept": KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT.format(**tables), asked)
        for product, other, buyers, lift, weight in cursor:
            yield ProductPair(
                product_id=product,
                other_id=other,
                buyers=buyers,
                lift=lift,
                weight=weight,
            )
