"""The indexes of the lists hold the households that exist: a list is counted without reading its rows."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0007_id_tail_of_the_id_number"),
        ("regions", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="household",
            name="household_village_status",
        ),
        migrations.RemoveIndex(
            model_name="household",
            name="household_township_status",
        ),
        migrations.RemoveIndex(
            model_name="household",
            name="household_village",
        ),
        migrations.RemoveIndex(
            model_name="household",
            name="household_township",
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(
                condition=models.Q(("closed_on", None)),
                fields=["village", "status", "-id"],
                name="household_village_status",
            ),
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(
                condition=models.Q(("closed_on", None)),
                fields=["township", "status", "-id"],
                name="household_township_status",
            ),
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(
                condition=models.Q(("closed_on", None)), fields=["village", "-id"], name="household_village"
            ),
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(
                condition=models.Q(("closed_on", None)), fields=["township", "-id"], name="household_township"
            ),
        ),
    ]
