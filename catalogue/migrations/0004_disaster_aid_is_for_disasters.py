"""受灾人员救助 answers 因灾 and no guarantee: a house that is unsafe without a disaster has no claim to it."""

from typing import Any

from django.db import migrations


def put(apps: Any, schema_editor: Any) -> None:
    kinds = apps.get_model("catalogue", "MeasureKind").objects
    kinds.filter(code="disaster-aid", version=1, checks=["food", "clothing", "housing"]).update(checks=[])


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_ages_in_shipped_rules")]

    operations = [migrations.RunPython(put, migrations.RunPython.noop)]
