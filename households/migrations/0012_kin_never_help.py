"""What the database holds about helpers, whoever writes.

Nobody helps their kin: no pairing that runs, or runs on, where a kinship is declared or where the cadre is or was a member of the household by
ID number; no kinship where a pairing runs. Who sees to one request (点对点) leads nothing. A hand-over is not changed.

Pairings are asked a statement at a time, because a proposal writes a hundred thousand of them; both triggers lock the households first, so
that of two people who write at once the second sees what the first wrote.
"""

from django.conf import settings
from django.db import migrations

TODAY = f"(now() AT TIME ZONE '{settings.TIME_ZONE}')::date"
RUNS = f"(w.ends_on IS NULL OR w.ends_on > {TODAY})"

PAIRINGS = """
CREATE FUNCTION households_refuse_kin(written bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM households_pairing w WHERE w.id = ANY(written) AND w.is_lead AND w.mode = 'point_to_point') THEN
        RAISE EXCEPTION 'who sees to one request does not lead' USING ERRCODE = '23514', CONSTRAINT = 'pairing_point_leads';
    END IF;
    PERFORM 1 FROM households_household
    WHERE id IN (SELECT w.household_id FROM households_pairing w WHERE w.id = ANY(written)) ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT 1 FROM households_pairing w
        JOIN households_kinship k ON k.household_id = w.household_id AND k.cadre_id = w.cadre_id AND k.ended_at IS NULL
        WHERE w.id = ANY(written) AND RUNS(w)
    ) OR EXISTS (
        SELECT 1 FROM households_pairing w
        JOIN cadres_cadre c ON c.id = w.cadre_id AND c.id_hash <> ''
        JOIN households_member m ON m.household_id = w.household_id AND m.id_hash = c.id_hash
        WHERE w.id = ANY(written) AND RUNS(w)
    ) THEN
        RAISE EXCEPTION 'kin of the household' USING ERRCODE = '23514', CONSTRAINT = 'pairing_kin';
    END IF;
END $$;

CREATE FUNCTION households_pairings_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM households_refuse_kin((SELECT coalesce(array_agg(id), '{}') FROM added));
    RETURN NULL;
END $$;
CREATE TRIGGER pairing_added AFTER INSERT ON households_pairing REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION households_pairings_added();

CREATE FUNCTION households_pairings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Only what is longer, of others, or leads now: a pairing in whose way a kinship has come can still be ended.
    PERFORM households_refuse_kin((
        SELECT coalesce(array_agg(n.id), '{}') FROM new_rows n JOIN old_rows o USING (id)
        WHERE coalesce(n.ends_on, 'infinity') > coalesce(o.ends_on, 'infinity') OR n.starts_on < o.starts_on
           OR (n.household_id, n.cadre_id) IS DISTINCT FROM (o.household_id, o.cadre_id)
           OR (n.is_lead AND NOT o.is_lead) OR (n.mode = 'point_to_point' AND o.mode <> 'point_to_point')
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER pairing_changed AFTER UPDATE ON households_pairing REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
FOR EACH STATEMENT EXECUTE FUNCTION households_pairings_changed();
"""

KINSHIPS = """
CREATE FUNCTION households_kinship_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ended_at IS NULL THEN
        PERFORM 1 FROM households_household WHERE id = NEW.household_id FOR NO KEY UPDATE;
        IF EXISTS (
            SELECT 1 FROM households_pairing w WHERE w.household_id = NEW.household_id AND w.cadre_id = NEW.cadre_id AND RUNS(w)
        ) THEN
            RAISE EXCEPTION 'a pairing runs' USING ERRCODE = '23514', CONSTRAINT = 'kinship_of_helper';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kinship_guard BEFORE INSERT OR UPDATE ON households_kinship
FOR EACH ROW EXECUTE FUNCTION households_kinship_guard();
"""

HAND_OVERS = """
CREATE FUNCTION households_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'households: % is append only', TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = 'handover_is_fixed';
END $$;
CREATE TRIGGER handover_append_only BEFORE UPDATE OR DELETE ON households_handover
FOR EACH ROW EXECUTE FUNCTION households_refuse_change();
CREATE TRIGGER handoverline_append_only BEFORE UPDATE OR DELETE ON households_handoverline
FOR EACH ROW EXECUTE FUNCTION households_refuse_change();
"""

FORGET = """
DROP TRIGGER handoverline_append_only ON households_handoverline;
DROP TRIGGER handover_append_only ON households_handover;
DROP FUNCTION households_refuse_change();
DROP TRIGGER kinship_guard ON households_kinship; DROP FUNCTION households_kinship_guard();
DROP TRIGGER pairing_changed ON households_pairing; DROP FUNCTION households_pairings_changed();
DROP TRIGGER pairing_added ON households_pairing; DROP FUNCTION households_pairings_added();
DROP FUNCTION households_refuse_kin(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("households", "0011_kinship_hand_over_matching"), ("cadres", "0002_people_teams_villages")]

    operations = [migrations.RunSQL((PAIRINGS + KINSHIPS + HAND_OVERS).replace("RUNS(w)", RUNS), FORGET)]
