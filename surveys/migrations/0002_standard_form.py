"""The shipped form is published, and the database refuses to change what drafts on phones rely on."""

from django.db import migrations

from surveys.standard import ensure_standard_forms

GUARD = """
CREATE FUNCTION yihu_form_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        IF NEW.state IN ('draft', 'published') THEN RETURN NEW; END IF;
    ELSIF TG_OP = 'UPDATE' AND (NEW.state = OLD.state OR (OLD.state = 'published' AND NEW.state = 'retired')) AND
        (NEW.id, NEW.code, NEW.version, NEW.title, NEW.region_id, NEW.definition, NEW.digest, NEW.source, NEW.created_at, NEW.created_by,
         NEW.published_at, NEW.published_by) IS NOT DISTINCT FROM
        (OLD.id, OLD.code, OLD.version, OLD.title, OLD.region_id, OLD.definition, OLD.digest, OLD.source, OLD.created_at, OLD.created_by,
         OLD.published_at, OLD.published_by)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published survey form is immutable' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER form_immutable BEFORE UPDATE OR DELETE ON surveys_surveyform
    FOR EACH ROW EXECUTE FUNCTION yihu_form_immutable();
"""

UNGUARD = """
DROP TRIGGER form_immutable ON surveys_surveyform;
DROP FUNCTION yihu_form_immutable();
"""


def publish(apps, schema_editor):
    ensure_standard_forms(apps.get_model("surveys", "SurveyForm"))


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [migrations.RunPython(publish, migrations.RunPython.noop), migrations.RunSQL(GUARD, UNGUARD)]
