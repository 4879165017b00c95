"""A movement tells what happened: it goes with its variant, and never changes."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION sellers_stock_movement_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'stock movements are append-only: correct one by another'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER stock_movement_append_only
    BEFORE UPDATE ON sellers_stockmovement
    FOR EACH ROW EXECUTE FUNCTION sellers_stock_movement_append_only();
"""
BACKWARD = """
DROP TRIGGER stock_movement_append_only ON sellers_stockmovement;
DROP FUNCTION sellers_stock_movement_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("sellers", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
