"""Layouts hold no integers beyond 64 bits any more: those could be read, but not be sent back."""

import json

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import TextField
from django.db.models.functions import Cast

MAX_INTEGER = 2**63 - 1


def number(digits: str) -> int | float:
    """An integer, or what a client that reads numbers as doubles makes of a longer one."""
    return int(digits) if len(digits) < 30 and abs(int(digits)) <= MAX_INTEGER else float(digits)


def shorten(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    tiles = apps.get_model("dashboards", "tile").objects
    long = tiles.annotate(stored=Cast("layouts", TextField())).filter(stored__regex="[0-9]{19}")
    for pk, text in list(long.values_list("pk", "stored")):
        tiles.filter(pk=pk).update(layouts=json.loads(text, parse_int=number))


class Migration(migrations.Migration):
    dependencies = [("dashboards", "0016_share_password_digest")]

    operations = [migrations.RunPython(shorten, migrations.RunPython.noop)]
