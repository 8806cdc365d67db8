"""A plan carries its household's village; what was submitted is never changed."""

from django.db import migrations

from households.models.of_household import hold, let_go

KEEP = """
CREATE FUNCTION plans_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'plans: % is append only', TG_TABLE_NAME USING ERRCODE = '23514', CONSTRAINT = 'append_only';
END $$;
CREATE TRIGGER planrevision_append_only BEFORE UPDATE OR DELETE ON plans_planrevision
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
"""
FORGET = """
DROP TRIGGER planrevision_append_only ON plans_planrevision;
DROP FUNCTION plans_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("plans", "0001_initial"), ("households", "0010_members_know_their_village")]

    operations = [
        migrations.RunSQL(hold("plans_plan"), let_go("plans_plan")),
        migrations.RunSQL(KEEP, FORGET),
    ]
