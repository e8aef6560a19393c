from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import dashboards_api.db.fields


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The names of what is tagged already."""
    for owner_name in ("dashboard", "insight"):
        links = apps.get_model("dashboards", f"{owner_name}tag").objects
        names: dict[int, list[str]] = {}
        for owner_id, name in links.values_list(f"{owner_name}_id", "tag__name").iterator():
            names.setdefault(owner_id, []).append(name)
        owners = apps.get_model("dashboards", owner_name).objects
        for owner_id, tags in names.items():
            owners.filter(pk=owner_id).update(tag_names=sorted(tags))


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0009_template_variables_and_colors")]

    operations = [
        migrations.AddField(
            "dashboard", "tag_names", dashboards_api.db.fields.JSONTextField(default=list, editable=False)
        ),
        migrations.AddField("insight", "tag_names", dashboards_api.db.fields.JSONTextField(default=list, editable=False)),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
