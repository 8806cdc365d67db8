"""What the database holds about money and deliveries, whoever writes (ADR 21).

Lines of an entry come in one statement and sum to zero, move the balances of their fund's accounts, and are never changed. A delivery is of its
measure, which was approved; its amount is what its lines paid; it is changed in nothing but the reversal that takes it back. Nobody confirms
by a visit what they delivered themselves.
"""

from django.db import migrations

from households.models.of_household import hold, let_go

OF_HOUSEHOLDS = ("assistance_measure", "assistance_delivery", "assistance_servicerequest", "assistance_tenancy")

LINES = """
CREATE FUNCTION assistance_lines_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY entry_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the lines of an entry do not sum to zero' USING ERRCODE = '23514', CONSTRAINT = 'entry_sums_to_zero';
    END IF;
    IF EXISTS (
        SELECT 1 FROM added JOIN assistance_account a ON a.id = added.account_id JOIN assistance_entry e ON e.id = added.entry_id
        WHERE a.fund_id <> e.fund_id OR (added.delivery_id IS NOT NULL AND a.kind <> 'paid')
    ) THEN
        RAISE EXCEPTION 'a line stands on an account that is not its own' USING ERRCODE = '23514', CONSTRAINT = 'line_on_own_account';
    END IF;
    PERFORM 1 FROM assistance_account WHERE id IN (SELECT account_id FROM added) ORDER BY id FOR UPDATE;
    UPDATE assistance_account a SET balance = a.balance + moved.amount
    FROM (SELECT account_id, sum(amount) AS amount FROM added GROUP BY account_id) moved WHERE a.id = moved.account_id;
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT delivery_id FROM added WHERE delivery_id IS NOT NULL) touched
        JOIN assistance_delivery d ON d.id = touched.delivery_id
        WHERE d.amount <> (SELECT sum(l.amount) FROM assistance_line l WHERE l.delivery_id = d.id)
    ) THEN
        RAISE EXCEPTION 'a delivery is not what its lines paid' USING ERRCODE = '23514', CONSTRAINT = 'delivery_is_what_was_paid';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER line_added AFTER INSERT ON assistance_line REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION assistance_lines_added();
"""

ACCOUNTS = """
CREATE FUNCTION assistance_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance <> 0 THEN
            RAISE EXCEPTION 'an account begins empty' USING ERRCODE = '23514', CONSTRAINT = 'account_balance_is_of_lines';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.fund_id, NEW.kind, NEW.project_id) IS DISTINCT FROM (OLD.fund_id, OLD.kind, OLD.project_id)
       OR (NEW.balance <> OLD.balance AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'a balance is moved by lines alone' USING ERRCODE = '23514', CONSTRAINT = 'account_balance_is_of_lines';
    END IF;
    IF NEW.kind = 'source' AND -NEW.balance > (SELECT ceiling FROM assistance_fund WHERE id = NEW.fund_id FOR SHARE) THEN
        RAISE EXCEPTION 'above the ceiling' USING ERRCODE = '23514', CONSTRAINT = 'fund_ceiling';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER account_guard BEFORE INSERT OR UPDATE ON assistance_account
FOR EACH ROW EXECUTE FUNCTION assistance_account_guard();

CREATE FUNCTION assistance_fund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ceiling < (
        SELECT coalesce(-sum(balance), 0) FROM (
            SELECT balance FROM assistance_account WHERE fund_id = NEW.id AND kind = 'source' FOR UPDATE
        ) source
    ) THEN
        RAISE EXCEPTION 'above the ceiling' USING ERRCODE = '23514', CONSTRAINT = 'fund_ceiling';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fund_guard BEFORE UPDATE OF ceiling ON assistance_fund
FOR EACH ROW EXECUTE FUNCTION assistance_fund_guard();
"""

DELIVERIES = """
CREATE FUNCTION assistance_delivery_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.reversed_by_id IS NOT NULL AND NEW.reversed_by_id IS DISTINCT FROM OLD.reversed_by_id
           OR to_jsonb(NEW) - 'reversed_by_id' - 'village_id' <> to_jsonb(OLD) - 'reversed_by_id' - 'village_id' THEN
            RAISE EXCEPTION 'a delivery is not changed' USING ERRCODE = '23514', CONSTRAINT = 'delivery_is_fixed';
        END IF;
        IF NEW.reversed_by_id IS NOT NULL AND OLD.reversed_by_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM assistance_delivery r WHERE r.id = NEW.reversed_by_id AND r.is_reversal AND r.measure_id = NEW.measure_id
            AND r.period = NEW.period AND r.amount = -NEW.amount
        ) THEN
            RAISE EXCEPTION 'not the reversal of this delivery' USING ERRCODE = '23514', CONSTRAINT = 'delivery_reversal_fits';
        END IF;
        RETURN NEW;
    END IF;
    SELECT household_id, member_id, kind_id, state INTO given FROM assistance_measure WHERE id = NEW.measure_id;
    IF (given.household_id, given.member_id, given.kind_id) IS DISTINCT FROM (NEW.household_id, NEW.member_id, NEW.kind_id) THEN
        RAISE EXCEPTION 'not what the measure says' USING ERRCODE = '23514', CONSTRAINT = 'delivery_of_its_measure';
    END IF;
    IF NOT NEW.is_reversal AND given.state NOT IN ('approved', 'delivered', 'confirmed') THEN
        RAISE EXCEPTION 'the measure is not approved' USING ERRCODE = '23514', CONSTRAINT = 'delivery_after_approval';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_guard BEFORE INSERT OR UPDATE ON assistance_delivery
FOR EACH ROW EXECUTE FUNCTION assistance_delivery_guard();

CREATE FUNCTION assistance_delivery_is_paid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount <> (SELECT coalesce(sum(amount), 0) FROM assistance_line WHERE delivery_id = NEW.id) THEN
        RAISE EXCEPTION 'a delivery is not what its lines paid' USING ERRCODE = '23514', CONSTRAINT = 'delivery_is_what_was_paid';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER delivery_is_paid AFTER INSERT ON assistance_delivery DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION assistance_delivery_is_paid();

CREATE FUNCTION assistance_confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given record;
BEGIN
    SELECT d."by" AS deliverer, d.is_reversal, d.reversed_by_id INTO given FROM assistance_delivery d WHERE d.id = NEW.delivery_id;
    IF given.is_reversal OR given.reversed_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'the delivery does not stand' USING ERRCODE = '23514', CONSTRAINT = 'confirmation_of_what_stands';
    END IF;
    IF NEW.way = 'visit' AND given.deliverer = NEW."by" THEN
        RAISE EXCEPTION 'confirmed by whoever delivered' USING ERRCODE = '23514', CONSTRAINT = 'confirmation_by_another';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER confirmation_guard BEFORE INSERT ON assistance_confirmation
FOR EACH ROW EXECUTE FUNCTION assistance_confirmation_guard();
"""

FIXED = ("line", "entry", "confirmation", "projectstep", "inspection")
APPEND_ONLY = """
CREATE FUNCTION assistance_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'assistance: % is append only', TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER delivery_stays BEFORE DELETE ON assistance_delivery FOR EACH ROW EXECUTE FUNCTION assistance_refuse_change();
""" + "".join(
    f"CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON assistance_{name} "
    "FOR EACH ROW EXECUTE FUNCTION assistance_refuse_change();\n"
    for name in FIXED
)

FORGET = (
    "DROP TRIGGER line_added ON assistance_line; DROP FUNCTION assistance_lines_added();"
    "DROP TRIGGER account_guard ON assistance_account; DROP FUNCTION assistance_account_guard();"
    "DROP TRIGGER fund_guard ON assistance_fund; DROP FUNCTION assistance_fund_guard();"
    "DROP TRIGGER delivery_guard ON assistance_delivery; DROP FUNCTION assistance_delivery_guard();"
    "DROP TRIGGER delivery_is_paid ON assistance_delivery; DROP FUNCTION assistance_delivery_is_paid();"
    "DROP TRIGGER confirmation_guard ON assistance_confirmation; DROP FUNCTION assistance_confirmation_guard();"
    "DROP TRIGGER delivery_stays ON assistance_delivery;"
    + "".join(f"DROP TRIGGER {name}_append_only ON assistance_{name};" for name in FIXED)
    + "DROP FUNCTION assistance_refuse_change();"
)


class Migration(migrations.Migration):
    dependencies = [("assistance", "0002_links"), ("households", "0010_members_know_their_village")]

    operations = [
        *(migrations.RunSQL(hold(table), let_go(table)) for table in OF_HOUSEHOLDS),
        migrations.RunSQL(LINES + ACCOUNTS + DELIVERIES + APPEND_ONLY, FORGET),
    ]
