"""What the database holds about steps into the party, whoever writes: each begins where the one before it ended, and none is ever changed."""

from django.db import migrations

GUARD = """
CREATE FUNCTION party_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a step is never changed' USING ERRCODE = '23514', CONSTRAINT = 'stagechange_append_only';
    END IF;
    PERFORM 1 FROM party_partyperson WHERE id = NEW.person_id FOR UPDATE;
    IF NEW.from_stage <> coalesce(
        (SELECT to_stage FROM party_stagechange WHERE person_id = NEW.person_id ORDER BY id DESC LIMIT 1), ''
    ) THEN
        RAISE EXCEPTION 'a step begins where the last one ended' USING ERRCODE = '23514', CONSTRAINT = 'stagechange_follows';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER step_guard BEFORE INSERT OR UPDATE OR DELETE ON party_stagechange FOR EACH ROW EXECUTE FUNCTION party_step_guard();
"""
FORGET = "DROP TRIGGER step_guard ON party_stagechange; DROP FUNCTION party_step_guard();"


class Migration(migrations.Migration):
    dependencies = [("party", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, FORGET)]
