"""A member carries its household's village, first in the indexes of pinyin and initials (ADR 0007).

One composite key takes the place of the plain one: it says that the household exists and that this is its village, costs an import as much
as the plain one did, and carries a household's move to its members.
"""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE households_member SET village_id = households_household.village_id
FROM households_household WHERE households_household.id = households_member.household_id
"""
HOLD = [
    "ALTER TABLE households_household ADD CONSTRAINT household_with_village UNIQUE (id, village_id)",
    """
    ALTER TABLE households_member ADD CONSTRAINT member_lives_in_village_of_household
    FOREIGN KEY (household_id, village_id) REFERENCES households_household (id, village_id)
    ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED
    """,
]
LET_GO = [
    "ALTER TABLE households_member DROP CONSTRAINT member_lives_in_village_of_household",
    "ALTER TABLE households_household DROP CONSTRAINT household_with_village",
]


def by_village(column: str) -> models.Index:
    return models.Index(fields=["village", column], name=f"member_{column}", opclasses=["int8_ops", "text_pattern_ops"])


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0009_grams_wait_in_a_list"),
        ("regions", "0001_initial"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="member", name="member_pinyin"),
        migrations.RemoveIndex(model_name="member", name="member_initials"),
        migrations.AddField(
            model_name="member",
            name="village",
            field=models.ForeignKey(
                null=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.region",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="member",
            name="village",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="regions.region",
            ),
        ),
        migrations.AddIndex(model_name="member", index=by_village("pinyin")),
        migrations.AddIndex(model_name="member", index=by_village("initials")),
        migrations.AlterField(
            model_name="member",
            name="household",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="members",
                to="households.household",
            ),
        ),
        migrations.RunSQL(HOLD, LET_GO),
    ]
