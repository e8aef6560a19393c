"""What the main database knows of the store of the engine."""

from uuid import uuid4

from django.db import models
from django.utils.timezone import now

from users.models import Project


class Store(models.Model):
    """The one store whose results this database may answer with: at most one row. The store has the same id.

    It is confirmed once the engine has stored the id. An unconfirmed row without a store is a creation that was
    interrupted, and is completed; a confirmed one is a store that is lost (engine/store.py).
    """

    id = models.SmallAutoField(primary_key=True)
    store_id = models.UUIDField(default=uuid4, editable=False)
    is_confirmed = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return str(self.store_id)


class DataVersion(models.Model):
    """A counter that rises with each import into a project, and each deletion. Results of a lower one are stale."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="data_version")
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.number}"
