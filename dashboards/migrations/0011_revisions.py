from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

LIST = 0


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """How many dashboards the list of each project shows."""
    shown = apps.get_model("dashboards", "dashboard").objects.filter(deleted=False).exclude(creation_mode="unlisted")
    counts = shown.values_list("project_id").annotate(live=models.Count("pk"))
    revisions = apps.get_model("dashboards", "revision")
    revisions.objects.bulk_create([revisions(kind=LIST, object_id=id_, live=live) for id_, live in counts])


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0010_tag_names")]

    operations = [
        migrations.CreateModel(
            name="Revision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SmallIntegerField(choices=[(0, "List"), (1, "Dashboard")])),
                ("object_id", models.BigIntegerField()),
                ("number", models.BigIntegerField(default=0)),
                ("live", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("kind", "object_id"), name="one_revision_each")]
            },
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
