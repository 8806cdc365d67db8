"""Runs from before there were volumes get theirs: one a village, counted from their items. Their papers end with their issue, as before."""

from django.db import migrations

FILL = """
INSERT INTO reports_printvolume (run_id, village_id, place, total, finished, failed, reused, file, size, pages, bound_at)
SELECT item.run_id, household.village_id, row_number() OVER (PARTITION BY item.run_id ORDER BY min(item.place)), count(*),
       count(*) FILTER (WHERE item.state <> 'waiting'), count(*) FILTER (WHERE item.state = 'failed'), count(*) FILTER (WHERE item.is_reused),
       '', 0, 0, CASE WHEN job.state = 'done' AND bool_and(item.state <> 'waiting') THEN job.finished_at END
FROM reports_printitem item
JOIN households_household household ON household.id = item.household_id
JOIN reports_printrun run ON run.id = item.run_id
JOIN common_job job ON job.id = run.job_id
GROUP BY item.run_id, household.village_id, job.state, job.finished_at
"""
POINT = """
UPDATE reports_printitem item SET volume_id = volume.id
FROM reports_printvolume volume, households_household household
WHERE household.id = item.household_id AND volume.run_id = item.run_id AND volume.village_id = household.village_id
"""
USED = "UPDATE reports_booklet SET used_at = issued_at"
EMPTY = "UPDATE reports_printitem SET volume_id = NULL; DELETE FROM reports_printvolume"


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_kinds_and_volumes"), ("common", "0002_audit_chain")]

    operations = [
        migrations.RunSQL(FILL, EMPTY),
        migrations.RunSQL(POINT, migrations.RunSQL.noop),
        migrations.RunSQL(USED, migrations.RunSQL.noop),
    ]
