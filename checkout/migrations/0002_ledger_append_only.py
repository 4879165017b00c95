"""What a bug or a hand at the database must not do: change or unbalance the books."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION checkout_ledger_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: correct it by another entry'
        USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER ledger_line_append_only
    BEFORE UPDATE OR DELETE ON checkout_ledgerline
    FOR EACH ROW EXECUTE FUNCTION checkout_ledger_append_only();
CREATE TRIGGER journal_entry_append_only
    BEFORE UPDATE OR DELETE ON checkout_journalentry
    FOR EACH ROW EXECUTE FUNCTION checkout_ledger_append_only();

CREATE FUNCTION checkout_ledger_balance() RETURNS trigger AS $$
BEGIN
    IF EXISTS (
        SELECT 1
        FROM checkout_ledgerline line
        JOIN checkout_ledgeraccount account ON account.id = line.account_id
        WHERE line.entry_id = NEW.entry_id
        GROUP BY account.currency
        HAVING sum(line.amount_minor) <> 0
    ) THEN
        RAISE EXCEPTION 'journal entry % does not add up to 0', NEW.entry_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END
$$ LANGUAGE plpgsql;

-- Deferred: an entry is in balance when its last line is written.
CREATE CONSTRAINT TRIGGER ledger_line_balance
    AFTER INSERT ON checkout_ledgerline
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION checkout_ledger_balance();
"""
BACKWARD = """
DROP TRIGGER ledger_line_balance ON checkout_ledgerline;
DROP TRIGGER ledger_line_append_only ON checkout_ledgerline;
DROP TRIGGER journal_entry_append_only ON checkout_journalentry;
DROP FUNCTION checkout_ledger_balance();
DROP FUNCTION checkout_ledger_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("checkout", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
