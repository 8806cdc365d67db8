"""What the database holds about appraisal, whoever writes.

Weights are whole per cent and sum to 100. A scheme that was in force keeps its words and weights; an appraisal that is final keeps its figures
and is not deleted; what was said to one, and the versions of an order, are never changed. An order's act stands in the village of its household.
"""

from django.db import migrations

from households.models.of_household import hold, let_go

WEIGHTS = """
CREATE FUNCTION supervision_weights_sound(weights jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(weights) = 'object'
        AND (SELECT coalesce(bool_and(value ~ '^[1-9][0-9]{0,2}$'), false) FROM jsonb_each_text(weights))
        AND (SELECT sum(CASE WHEN value ~ '^[0-9]{1,3}$' THEN value::int ELSE 0 END) FROM jsonb_each_text(weights)) = 100
$$;
ALTER TABLE supervision_appraisalscheme ADD CONSTRAINT appraisalscheme_weights CHECK (supervision_weights_sound(weights));
"""
NO_WEIGHTS = """
ALTER TABLE supervision_appraisalscheme DROP CONSTRAINT appraisalscheme_weights;
DROP FUNCTION supervision_weights_sound(jsonb);
"""

SCHEMES = """
CREATE FUNCTION supervision_scheme_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.region_id, NEW.version, NEW.name, NEW.weights, NEW.reply_days, NEW.made_by, NEW.made_at)
       IS DISTINCT FROM (OLD.region_id, OLD.version, OLD.name, OLD.weights, OLD.reply_days, OLD.made_by, OLD.made_at) THEN
        RAISE EXCEPTION 'a scheme that was in force is changed' USING ERRCODE = '23514', CONSTRAINT = 'appraisalscheme_fixed';
    END IF;
    IF OLD.state <> 'draft' AND NEW.state = 'draft' OR OLD.state = 'retired' AND NEW.state <> 'retired' THEN
        RAISE EXCEPTION 'a scheme goes back' USING ERRCODE = '23514', CONSTRAINT = 'appraisalscheme_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisalscheme_guard BEFORE UPDATE ON supervision_appraisalscheme FOR EACH ROW EXECUTE FUNCTION supervision_scheme_guard();
"""
NO_SCHEMES = (
    "DROP TRIGGER appraisalscheme_guard ON supervision_appraisalscheme; DROP FUNCTION supervision_scheme_guard();"
)

FINAL = """
CREATE FUNCTION supervision_appraisal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'computed' THEN
            RAISE EXCEPTION 'an appraisal that was shown is deleted' USING ERRCODE = '23514', CONSTRAINT = 'appraisal_fixed';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.round_id, NEW.cadre_id) IS DISTINCT FROM (OLD.round_id, OLD.cadre_id) THEN
        RAISE EXCEPTION 'an appraisal changes hands' USING ERRCODE = '23514', CONSTRAINT = 'appraisal_fixed';
    END IF;
    IF OLD.state = 'final' AND (NEW.items, NEW.score, NEW.state, NEW.shown_at, NEW.decided_by, NEW.decided_at)
       IS DISTINCT FROM (OLD.items, OLD.score, OLD.state, OLD.shown_at, OLD.decided_by, OLD.decided_at) THEN
        RAISE EXCEPTION 'a final appraisal is changed' USING ERRCODE = '23514', CONSTRAINT = 'appraisal_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER appraisal_guard BEFORE UPDATE OR DELETE ON supervision_appraisal FOR EACH ROW EXECUTE FUNCTION supervision_appraisal_guard();
"""
NO_FINAL = "DROP TRIGGER appraisal_guard ON supervision_appraisal; DROP FUNCTION supervision_appraisal_guard();"

APPEND_ONLY = """
CREATE FUNCTION supervision_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append only', TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER appraisalword_append_only BEFORE UPDATE OR DELETE ON supervision_appraisalword FOR EACH ROW EXECUTE FUNCTION supervision_append_only();
CREATE TRIGGER orderrevision_append_only BEFORE UPDATE OR DELETE ON supervision_orderrevision FOR EACH ROW EXECUTE FUNCTION supervision_append_only();
"""
NO_APPEND_ONLY = """
DROP TRIGGER appraisalword_append_only ON supervision_appraisalword;
DROP TRIGGER orderrevision_append_only ON supervision_orderrevision;
DROP FUNCTION supervision_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial"), ("households", "0010_members_know_their_village")]

    operations = [
        migrations.RunSQL(WEIGHTS, NO_WEIGHTS),
        migrations.RunSQL(SCHEMES, NO_SCHEMES),
        migrations.RunSQL(FINAL, NO_FINAL),
        migrations.RunSQL(APPEND_ONLY, NO_APPEND_ONLY),
        migrations.RunSQL(hold("supervision_orderaction"), let_go("supervision_orderaction")),
    ]
