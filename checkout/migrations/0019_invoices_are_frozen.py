"""What was issued stays as it is: neither a bug nor a hand at the database changes it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION checkout_invoice_is_frozen() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'an invoice is frozen: correct it by a credit note'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER invoice_is_frozen
    BEFORE UPDATE OR DELETE ON checkout_invoice
    FOR EACH ROW EXECUTE FUNCTION checkout_invoice_is_frozen();
"""
BACKWARD = """
DROP TRIGGER invoice_is_frozen ON checkout_invoice;
DROP FUNCTION checkout_invoice_is_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("checkout", "0018_parts_of_earlier_refunds")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
