"""The index of the last digits follows: those of the ID number, not those of what a certificate adds."""

import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0006_certificates_masked_by_id_number"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="member",
            name="member_id_tail",
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                django.db.models.functions.text.Right(django.db.models.functions.text.Left("id_masked", 18), 4),
                condition=models.Q(("id_masked", ""), _negated=True),
                name="member_id_tail",
            ),
        ),
    ]
