"""The shipped catalogue."""

from django.db import migrations

from catalogue.standard import put_in


def ship(apps, schema_editor):
    put_in(apps.get_model("catalogue", "ReliefCategory"), apps.get_model("catalogue", "MeasureKind"))


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
