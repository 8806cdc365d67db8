"""The grams of new names wait in a short list before they go into their index (ADR 0012). Nothing is built anew."""

import django.contrib.postgres.indexes
from django.db import migrations

NAME = "member_name_grams"


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0008_lists_of_living_households"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    f"ALTER INDEX {NAME} SET (fastupdate = on, gin_pending_list_limit = 256)",
                    [
                        f"ALTER INDEX {NAME} SET (fastupdate = off)",
                        f"ALTER INDEX {NAME} RESET (gin_pending_list_limit)",
                        f"SELECT gin_clean_pending_list('{NAME}')",
                    ],
                )
            ],
            state_operations=[
                migrations.RemoveIndex(model_name="member", name=NAME),
                migrations.AddIndex(
                    model_name="member",
                    index=django.contrib.postgres.indexes.GinIndex(
                        fastupdate=True, fields=["name_grams"], gin_pending_list_limit=256, name=NAME
                    ),
                ),
            ],
        )
    ]
