from django.db import migrations, models

from dashboards_api.db.migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("dashboards", "0020_fill_insight_kinds")]

    operations = [
        AddIndexOnline(
            "insight",
            models.Index(
                fields=["project", "kind", "order", "-id"],
                condition=models.Q(deleted=False),
                name="insights_of_kind",
            ),
        )
    ]
