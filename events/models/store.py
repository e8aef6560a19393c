"""The identity of the engine's store, and the versions of the data in it."""

from uuid import uuid4

from django.db import models
from django.utils.timezone import now

from users.models import Project


class Store(models.Model):
    """The id of the engine's store that belongs to this database, in at most one row. The store contains the same id.

    A row is confirmed once the engine has stored the id. An unconfirmed row without a store means an interrupted
    creation, which the next import completes. A confirmed row without a store means that the store is lost
    (engine/store.py).
    """

    id = models.SmallAutoField(primary_key=True)
    store_id = models.UUIDField(default=uuid4, editable=False)
    is_confirmed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return str(self.store_id)


class DataVersion(models.Model):
    """A counter that is incremented by each change to a project's data. Results of a lower version are stale."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="data_version")
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.number}"
