"""What upper floors hang off a household in long tables: each row carries the household's village, which the database keeps true."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from households.querysets import OfHouseholdQuerySet


class OfHousehold(models.Model):
    """A row of a household. One key of the database over both columns says that the household exists and that this is its village, and
    carries a household's move along: `hold` and `let_go` make and drop it in a migration (as migration 0010 does for members)."""

    household = models.ForeignKey("households.Household", models.PROTECT, related_name="+", db_constraint=False)
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, related_name="+", editable=False, db_constraint=False, db_index=False
    )

    objects = OfHouseholdQuerySet.as_manager()
    audit_skip: ClassVar[tuple[str, ...]] = ("village",)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding or "household" in self._state.fields_cache:
            self.village_id = self.household.village_id
        super().save(*args, **kwargs)


def hold(table: str) -> str:
    """SQL that ties (household_id, village_id) of a table to its household."""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_in_village_of_household FOREIGN KEY (household_id, village_id) "
        "REFERENCES households_household (id, village_id) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
    )


def let_go(table: str) -> str:
    """SQL that undoes `hold`."""
    return f"ALTER TABLE {table} DROP CONSTRAINT {table}_in_village_of_household"
