"""A plan carries the first day by which an open task of it is due."""

from django.db import migrations, models

FILL = """
UPDATE plans_plan SET next_due_on = first.day FROM (
    SELECT g.plan_id, min(t.due_on) AS day FROM plans_task t JOIN plans_goal g ON g.id = t.goal_id WHERE t.state = 'open' GROUP BY g.plan_id
) first WHERE first.plan_id = plans_plan.id
"""


class Migration(migrations.Migration):
    dependencies = [("plans", "0002_held_by_the_database")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="next_due_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="plan",
            index=models.Index(
                condition=models.Q(("state", "in_progress")), fields=["next_due_on", "village"], name="plan_due"
            ),
        ),
    ]
