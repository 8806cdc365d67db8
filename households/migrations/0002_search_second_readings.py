"""Indexes of the search: second readings of names, last digits of a member's phone."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    models.Func(
                        models.F("pinyin"),
                        models.Value(" "),
                        models.Value(2),
                        function="SPLIT_PART",
                        output_field=models.TextField(),
                    ),
                    "text_pattern_ops",
                ),
                condition=models.Q(("pinyin__contains", " ")),
                name="member_pinyin_second",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                django.contrib.postgres.indexes.OpClass(
                    models.Func(
                        models.F("initials"),
                        models.Value(" "),
                        models.Value(2),
                        function="SPLIT_PART",
                        output_field=models.TextField(),
                    ),
                    "text_pattern_ops",
                ),
                condition=models.Q(("initials__contains", " ")),
                name="member_initials_second",
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(
                django.db.models.functions.text.Right("phone_masked", 4),
                condition=models.Q(("phone_masked", ""), _negated=True),
                name="member_phone_tail",
            ),
        ),
    ]
