"""Visits and duties stand in the village of their household, which the database keeps true."""

from django.db import migrations

from households.models.of_household import hold, let_go


class Migration(migrations.Migration):
    dependencies = [("visits", "0001_initial"), ("households", "0010_members_know_their_village")]

    operations = [migrations.RunSQL(hold(table), let_go(table)) for table in ("visits_visit", "visits_visitduty")]
