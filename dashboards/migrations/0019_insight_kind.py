from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0018_grid_spacing")]

    operations = [
        migrations.AddField("insight", "kind", models.CharField(db_default="", default="", editable=False, max_length=16))
    ]
