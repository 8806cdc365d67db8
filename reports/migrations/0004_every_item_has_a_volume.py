import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0003_volumes_of_old_runs")]

    operations = [
        migrations.AlterField(
            model_name="printitem",
            name="volume",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="items", to="reports.printvolume"
            ),
        ),
    ]
