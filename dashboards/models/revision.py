"""Versions: counters of changes, for each dashboard and for the dashboard list of each project. ETags contain them."""

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
        """Return a subquery for one column, with 0 before the first change."""
        rows = self.of(kind, object_id).values(column)
        return Coalesce(models.Subquery(rows), models.Value(0), output_field=models.BigIntegerField())


class Revision(models.Model):
    """A change counter. Only `changelog/versions.py` writes it, after all other rows of a transaction are locked."""

    kind = models.SmallIntegerField(choices=RevisionKind.choices)
    # The id of a project for a list, else of a dashboard.
    object_id = models.BigIntegerField()
    number = models.BigIntegerField(default=0)
    # For a list, the number of dashboards without filters, so that reads need not count the dashboards.
    live = models.BigIntegerField(default=0)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_id"], name="one_revision_each")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.object_id}: {self.number}"
