"""Every statement that changes what figures count leaves a mark for each village it touched."""

from django.db import migrations

# What is marked, by how a row of a table tells its village. New and old rows both count: a household that moves changes two villages.
BY_VILLAGE = (
    "households_household", "plans_plan", "assistance_measure", "assistance_delivery", "assistance_servicerequest",
    "assistance_villageproject", "assistance_shortfall", "visits_visit", "visits_visitduty",
)  # fmt: skip
BY_HOUSEHOLD = ("households_householdyear", "households_pairing", "households_statuschange", "surveys_survey")
WAYS = {
    **dict.fromkeys(BY_VILLAGE, "SELECT r.village_id FROM {rows} r"),
    **dict.fromkeys(
        BY_HOUSEHOLD, "SELECT h.village_id FROM {rows} r JOIN households_household h ON h.id = r.household_id"
    ),
    "plans_task": "SELECT p.village_id FROM {rows} r JOIN plans_goal g ON g.id = r.goal_id JOIN plans_plan p ON p.id = g.plan_id",
    "assistance_line": (
        "SELECT coalesce(d.village_id, p.village_id) FROM {rows} r LEFT JOIN assistance_delivery d ON d.id = r.delivery_id"
        " JOIN assistance_account a ON a.id = r.account_id LEFT JOIN assistance_villageproject p ON p.id = a.project_id"
        " WHERE coalesce(d.village_id, p.village_id) IS NOT NULL"
    ),
}  # fmt: skip
# Tables of which one row means many villages: a mark without a village, and only where the column matters.
EVERYWHERE = {"catalogue_measurekind": '"column"', "assistance_fund": "source", "regions_region": "path"}


def _function(table: str, body: str) -> str:
    return f"CREATE FUNCTION figures_mark_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$;"


def _trigger(table: str, name: str, event: str, rows: str) -> str:
    return (
        f"CREATE TRIGGER figures_{name} AFTER {event} ON {table} REFERENCING {rows}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION figures_mark_{table}();"
    )


def _watch(table: str, way: str) -> str:
    insert = f"INSERT INTO figures_mark (\"table\", village_id) SELECT DISTINCT '{table}', found.village_id FROM ("  # noqa: S608  our own names
    come, gone = way.format(rows="come"), way.format(rows="gone")
    body = (
        f"IF TG_OP = 'INSERT' THEN {insert}{come}) found(village_id); ELSIF TG_OP = 'DELETE' THEN {insert}{gone}) found(village_id);"
        f" ELSE {insert}{come} UNION {gone}) found(village_id); END IF;"
    )
    return "\n".join(
        (
            _function(table, body),
            _trigger(table, "come", "INSERT", "NEW TABLE AS come"),
            _trigger(table, "gone", "DELETE", "OLD TABLE AS gone"),
            _trigger(table, "changed", "UPDATE", "OLD TABLE AS gone NEW TABLE AS come"),
        )
    )


def _watch_everywhere(table: str, column: str) -> str:
    body = (
        f"IF EXISTS (SELECT 1 FROM come JOIN gone USING (id) WHERE gone.{column} NOT IN ('', come.{column})) THEN"  # noqa: S608  our own names
        f" INSERT INTO figures_mark (\"table\", village_id) VALUES ('{table}', NULL); END IF;"
    )
    return _function(table, body) + "\n" + _trigger(table, "changed", "UPDATE", "OLD TABLE AS gone NEW TABLE AS come")


def _unwatch(table: str) -> str:
    return f"DROP FUNCTION figures_mark_{table}() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("figures", "0001_roll_up"),
        ("assistance", "0004_requests_seen_to_by_a_cadre"),
        ("catalogue", "0005_categories_count_their_changes"),
        ("households", "0013_hand_over_to_who_helped_along"),
        ("plans", "0002_held_by_the_database"),
        ("surveys", "0009_photos_missing"),
        ("visits", "0006_counts_by_village"),
    ]

    operations = [
        *(migrations.RunSQL(_watch(table, way), _unwatch(table)) for table, way in WAYS.items()),
        *(migrations.RunSQL(_watch_everywhere(table, column), _unwatch(table)) for table, column in EVERYWHERE.items()),
        # Where there are ledgers there are figures at once: the mark without a village asks for all of them.
        migrations.RunSQL(
            "INSERT INTO figures_mark (\"table\", village_id) SELECT 'regions_region', NULL"
            " WHERE EXISTS (SELECT 1 FROM households_household)",
            "DELETE FROM figures_mark",
        ),
    ]
