"""How many photos of a survey are not there, so that a list of a county need not count them."""

from django.conf import settings
from django.db import migrations, models

COUNT = """
UPDATE surveys_survey s SET photos_missing = greatest(s.photos_expected - (
    SELECT count(*) FROM surveys_surveyphoto p WHERE p.survey_id = s.id AND p.state = 'complete'), 0)
WHERE s.photos_expected > 0 AND s.state NOT IN ('draft', 'withdrawn')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("households", "0010_members_know_their_village"),
        ("surveys", "0008_seals_and_reasons"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="survey",
            name="photos_missing",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="survey",
            index=models.Index(
                condition=models.Q(("photos_missing__gt", 0)),
                fields=["year", "household"],
                name="survey_without_photos",
            ),
        ),
    ]
