"""Refunds of before have their tax, and the delivery a part of its own.

May run again: only what has no such part yet is given one.
"""

from django.db import migrations

FORWARD = """
INSERT INTO checkout_refundline (
    refund_id, kind, quantity, amount_minor, tax_minor, commission_minor,
    commission_tax_minor, subsidy_minor, platform_minor
)
SELECT refund.id, 'delivery', 0, refund.shipping_minor,
    CASE WHEN refund.shipping_minor > 0 THEN bought.shipping_tax_minor ELSE 0 END,
    refund.commission_minor - coalesce(parts.commission, 0),
    refund.commission_tax_minor - coalesce(parts.commission_tax, 0),
    refund.subsidy_minor - coalesce(parts.subsidy, 0), 0
FROM checkout_refund refund
JOIN checkout_order bought ON bought.id = refund.order_id
LEFT JOIN (
    SELECT refund_id, sum(subsidy_minor) AS subsidy,
        sum(commission_minor) AS commission,
        sum(commission_tax_minor) AS commission_tax,
        bool_or(kind = 'delivery') AS has_delivery
    FROM checkout_refundline GROUP BY refund_id
) parts ON parts.refund_id = refund.id
WHERE NOT coalesce(parts.has_delivery, false)
    AND (refund.shipping_minor > 0 OR refund.subsidy_minor > coalesce(parts.subsidy, 0));

-- Counted from the start of the line, so that a line's parts add up to its tax.
UPDATE checkout_refundline part SET tax_minor = counted.tax
FROM (
    SELECT part.id,
        line.tax_minor * sum(part.quantity) OVER so_far / line.quantity
        - line.tax_minor * (sum(part.quantity) OVER so_far - part.quantity)
            / line.quantity AS tax
    FROM checkout_refundline part
    JOIN checkout_orderline line ON line.id = part.order_line_id
    WHERE part.kind = 'units'
    WINDOW so_far AS (PARTITION BY line.id ORDER BY part.id)
) counted
WHERE counted.id = part.id AND part.tax_minor = 0;

UPDATE checkout_refund refund SET tax_minor = parts.tax
FROM (
    SELECT refund_id, sum(tax_minor) AS tax FROM checkout_refundline GROUP BY refund_id
) parts
WHERE parts.refund_id = refund.id AND refund.tax_minor = 0;
"""


class Migration(migrations.Migration):
    dependencies = [("checkout", "0017_after_the_sale")]

    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
