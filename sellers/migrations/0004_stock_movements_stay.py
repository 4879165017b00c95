"""A movement is not deleted either, unless its variant goes with it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION sellers_stock_movement_stays() RETURNS trigger AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM sellers_variant WHERE id = OLD.variant_id) THEN
        RAISE EXCEPTION 'stock movements are append-only: correct one by another'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$ LANGUAGE plpgsql;

-- When the transaction ends: Django deletes a variant after its movements.
CREATE CONSTRAINT TRIGGER stock_movement_stays
    AFTER DELETE ON sellers_stockmovement
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION sellers_stock_movement_stays();
"""
BACKWARD = """
DROP TRIGGER stock_movement_stays ON sellers_stockmovement;
DROP FUNCTION sellers_stock_movement_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("sellers", "0003_back_orders_and_limits")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
