"""The guard of confirmations reads who delivered: migration 0003 asked the record for a field of the name of a keyword, which it has not got."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION assistance_confirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""


class Migration(migrations.Migration):
    dependencies = [("assistance", "0004_entry_reverses")]

    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
