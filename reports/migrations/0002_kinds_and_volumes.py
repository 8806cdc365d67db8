import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0013_hand_over_to_who_helped_along"),
        ("regions", "0001_initial"),
        ("reports", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PrintVolume",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
                ("total", models.PositiveIntegerField()),
                ("finished", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("reused", models.PositiveIntegerField(default=0)),
                ("binding_until", models.DateTimeField(blank=True, null=True)),
                ("bound_at", models.DateTimeField(blank=True, null=True)),
                ("file", models.CharField(blank=True, max_length=200)),
                ("size", models.BigIntegerField(default=0)),
                ("pages", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["run", "place"],
            },
        ),
        migrations.AddField(
            model_name="booklet",
            name="kind",
            field=models.CharField(default="ledger", max_length=24),
        ),
        migrations.AddField(
            model_name="booklet",
            name="used_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="booklet",
            name="village",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.region",
            ),
        ),
        migrations.AddField(
            model_name="printrun",
            name="kind",
            field=models.CharField(default="ledger", max_length=24, verbose_name="材料"),
        ),
        migrations.AddField(
            model_name="printrun",
            name="pace",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="printrun",
            name="paused_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="printrun",
            name="sheet",
            field=models.CharField(default="A4", max_length=4, verbose_name="纸张"),
        ),
        migrations.AlterField(
            model_name="booklet",
            name="household",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="booklets",
                to="households.household",
            ),
        ),
        migrations.AlterField(
            model_name="booklet",
            name="household_version",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="printitem",
            name="household",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="households.household",
            ),
        ),
        migrations.AlterField(
            model_name="printrun",
            name="output",
            field=models.CharField(
                choices=[
                    ("merged", "合并成一个文件"),
                    ("villages", "每村一个文件（压缩包）"),
                    ("zipped", "每户一个文件（压缩包）"),
                ],
                default="merged",
                max_length=8,
                verbose_name="文件形式",
            ),
        ),
        migrations.AddIndex(
            model_name="booklet",
            index=models.Index(condition=models.Q(("file", ""), _negated=True), fields=["file"], name="booklet_file"),
        ),
        migrations.AddConstraint(
            model_name="booklet",
            constraint=models.UniqueConstraint(fields=("village", "key"), name="booklet_once_per_village_content"),
        ),
        migrations.AddConstraint(
            model_name="booklet",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("household", None), ("village__isnull", False)),
                    models.Q(("household__isnull", False), ("village", None)),
                    _connector="OR",
                ),
                name="booklet_of_household_or_village",
            ),
        ),
        migrations.AddField(
            model_name="printvolume",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="volumes", to="reports.printrun"
            ),
        ),
        migrations.AddField(
            model_name="printvolume",
            name="village",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="regions.region"),
        ),
        migrations.AddField(
            model_name="printitem",
            name="volume",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="items", to="reports.printvolume"
            ),
        ),
        migrations.AddConstraint(
            model_name="printitem",
            constraint=models.UniqueConstraint(
                condition=models.Q(("household", None)), fields=("volume",), name="printitem_once_a_village"
            ),
        ),
        migrations.AddConstraint(
            model_name="printvolume",
            constraint=models.UniqueConstraint(fields=("run", "village"), name="printvolume_once"),
        ),
        migrations.AddConstraint(
            model_name="printvolume",
            constraint=models.CheckConstraint(
                condition=models.Q(("failed__lte", models.F("finished")), ("finished__lte", models.F("total"))),
                name="printvolume_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="printvolume",
            constraint=models.CheckConstraint(
                condition=models.Q(("bound_at", None), ("finished", models.F("total")), _connector="OR"),
                name="printvolume_bound_when_finished",
            ),
        ),
    ]
