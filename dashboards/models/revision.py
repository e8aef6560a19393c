"""How often a dashboard, and the list of a project, have changed: what an answer that is known already is known by."""

from typing import Any

from django.db import models
from django.db.models.functions import Coalesce


class RevisionKind(models.IntegerChoices):
    LIST = 0
    DASHBOARD = 1


class RevisionQuerySet(models.QuerySet["Revision"]):
    def of(self, kind: RevisionKind, object_id: Any) -> "RevisionQuerySet":
        return self.filter(kind=kind, object_id=object_id)

    def column_subquery(self, column: str, kind: RevisionKind, object_id: Any) -> Coalesce:
        """One column, for the columns of another query: 0 where nothing has changed yet."""
        rows = self.of(kind, object_id).values(column)
        return Coalesce(models.Subquery(rows), models.Value(0), output_field=models.BigIntegerField())


class Revision(models.Model):
    """Written in the last statement of a transaction (`services/revisions.py`), and by no other."""

    kind = models.SmallIntegerField(choices=RevisionKind.choices)
    # Of a project for a list, else of a dashboard.
    object_id = models.BigIntegerField()
    number = models.BigIntegerField(default=0)
    # Of a list: how many dashboards it shows to who asks for no others, so that none has to be counted.
    live = models.BigIntegerField(default=0)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_revision_each")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}: {self.number}"
