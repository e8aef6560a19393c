"""Query ids that clients choose."""

from django.db import models
from django.utils.timezone import now

from queries.models.query_result import QueryResult
from users.models import Project

CLIENT_QUERY_ID_MAX_LENGTH = 100


class QueryReference(models.Model):
    """The `client_query_id` of an asynchronous query, with which a client can read the query status for a day."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    client_query_id = models.CharField(max_length=CLIENT_QUERY_ID_MAX_LENGTH)
    result = models.ForeignKey(QueryResult, on_delete=models.CASCADE, related_name="references")
    created_at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "client_query_id"], name="one_query_per_reference")]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.client_query_id}"
