"""Figures of a county are sums of counts by village and day, which the database keeps; each household has its row of last visits."""

import django.db.models.deletion
from django.db import migrations, models

# Each statement that changes duties or visits leaves its sums behind: +n where rows came, -n where they went.
DUTIES = """
CREATE FUNCTION visits_duty_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
        SELECT 'duty', village_id, next_due_on, ends_on, count(*) FROM come WHERE NOT over GROUP BY 2, 3, 4;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
        SELECT 'duty', village_id, next_due_on, ends_on, -count(*) FROM gone WHERE NOT over GROUP BY 2, 3, 4;
    ELSE
        INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
        SELECT 'duty', village_id, next_due_on, ends_on, sum(n) FROM (
            SELECT village_id, next_due_on, ends_on, 1 AS n FROM come WHERE NOT over
            UNION ALL SELECT village_id, next_due_on, ends_on, -1 FROM gone WHERE NOT over
        ) moved GROUP BY 2, 3, 4 HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER duty_come AFTER INSERT ON visits_visitduty REFERENCING NEW TABLE AS come
FOR EACH STATEMENT EXECUTE FUNCTION visits_duty_tally();
CREATE TRIGGER duty_gone AFTER DELETE ON visits_visitduty REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION visits_duty_tally();
CREATE TRIGGER duty_moved AFTER UPDATE ON visits_visitduty REFERENCING OLD TABLE AS gone NEW TABLE AS come
FOR EACH STATEMENT EXECUTE FUNCTION visits_duty_tally();
INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
SELECT 'duty', village_id, next_due_on, ends_on, count(*) FROM visits_visitduty WHERE NOT over GROUP BY 2, 3, 4;
"""
# A visit is never deleted, and changes in nothing but its village and in being void.
VISITS = """
CREATE FUNCTION visits_visit_tally() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
        SELECT manner, village_id, "on", NULL, count(*) FROM come WHERE voided_at IS NULL GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
        SELECT manner, village_id, "on", NULL, sum(n) FROM (
            SELECT manner, village_id, "on", 1 AS n FROM come WHERE voided_at IS NULL
            UNION ALL SELECT manner, village_id, "on", -1 FROM gone WHERE voided_at IS NULL
        ) moved GROUP BY 1, 2, 3 HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER visit_come AFTER INSERT ON visits_visit REFERENCING NEW TABLE AS come
FOR EACH STATEMENT EXECUTE FUNCTION visits_visit_tally();
CREATE TRIGGER visit_moved AFTER UPDATE ON visits_visit REFERENCING OLD TABLE AS gone NEW TABLE AS come
FOR EACH STATEMENT EXECUTE FUNCTION visits_visit_tally();
INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
SELECT manner, village_id, "on", NULL, count(*) FROM visits_visit WHERE voided_at IS NULL GROUP BY 1, 2, 3;
"""
LET_GO = """
DROP TRIGGER duty_come ON visits_visitduty; DROP TRIGGER duty_gone ON visits_visitduty; DROP TRIGGER duty_moved ON visits_visitduty;
DROP TRIGGER visit_come ON visits_visit; DROP TRIGGER visit_moved ON visits_visit;
DROP FUNCTION visits_duty_tally(); DROP FUNCTION visits_visit_tally();
"""
LAST = """
INSERT INTO visits_lastvisit (household_id, village_id, asked)
SELECT id, village_id, closed_on IS NULL AND status NOT IN ('ordinary', 'struck_off') FROM households_household
ON CONFLICT (household_id) DO UPDATE SET asked = excluded.asked;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0012_kin_never_help"),
        ("regions", "0001_initial"),
        ("visits", "0005_over_and_last_visit"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("duty", "Duty"), ("visit", "Visit"), ("call", "Call")], max_length=8),
                ),
                ("day", models.DateField(null=True)),
                ("ends_on", models.DateField(null=True)),
                ("number", models.IntegerField()),
            ],
            options={
                "verbose_name": "走访计数",
            },
        ),
        migrations.RemoveIndex(
            model_name="lastvisit",
            name="lastvisit_of_village",
        ),
        migrations.AddField(
            model_name="lastvisit",
            name="asked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="lastvisit",
            index=models.Index(
                condition=models.Q(("asked", True)),
                fields=["visited_on", "village"],
                include=("household",),
                name="lastvisit_long_ago",
            ),
        ),
        migrations.AddField(
            model_name="tally",
            name="village",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.region",
            ),
        ),
        migrations.AddIndex(
            model_name="tally",
            index=models.Index(fields=["kind", "day"], include=("village", "ends_on", "number"), name="tally_counts"),
        ),
        migrations.RunSQL(DUTIES + VISITS, LET_GO),
        migrations.RunSQL(LAST, migrations.RunSQL.noop),
    ]
