"""A visit is what was recorded: the database refuses to change or delete it. It may be made void, once, and its household's village moves
with the household."""

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

CAPACITIES = [
    ("helper", "帮扶责任人"),
    ("secretary", "第一书记"),
    ("team", "驻村工作队"),
    ("village", "村干部"),
    ("township", "乡镇干部"),
    ("county", "县级干部"),
]

GUARD = """
CREATE FUNCTION visits_visit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a visit is not deleted' USING ERRCODE = '23514', CONSTRAINT = 'visit_is_fixed';
    END IF;
    IF OLD.voided_at IS NOT NULL AND (NEW.voided_at, NEW.voided_by, NEW.void_reason) IS DISTINCT FROM (OLD.voided_at, OLD.voided_by, OLD.void_reason)
       OR to_jsonb(NEW) - '{voided_at,voided_by,void_reason,village_id}'::text[]
          <> to_jsonb(OLD) - '{voided_at,voided_by,void_reason,village_id}'::text[] THEN
        RAISE EXCEPTION 'a visit is not changed' USING ERRCODE = '23514', CONSTRAINT = 'visit_is_fixed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER visit_guard BEFORE UPDATE OR DELETE ON visits_visit FOR EACH ROW EXECUTE FUNCTION visits_visit_guard();
"""
LET_GO = "DROP TRIGGER visit_guard ON visits_visit; DROP FUNCTION visits_visit_guard();"


class Migration(migrations.Migration):
    dependencies = [("visits", "0002_in_village_of_household")]

    operations = [
        migrations.AlterField(
            "visit",
            "capacities",
            ArrayField(
                models.CharField(choices=CAPACITIES, max_length=12), blank=True, size=None, verbose_name="以什么身份"
            ),
        ),
        migrations.RunSQL(GUARD, LET_GO),
    ]
