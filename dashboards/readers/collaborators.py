"""The collaborators of a dashboard as the API answers them."""

from typing import Any

from dashboards.exceptions import DashboardNotFound
from dashboards.models import Collaborator, Dashboard
from users.models import Project
from users.readers import build_basic_user, get_user_columns

COLUMNS = ("id", "dashboard_id", "level", "added_at", "updated_at")


def list_collaborators(dashboard_id: int, *, project: Project) -> list[dict[str, Any]]:
    """Everyone who was added, in that order (component DashboardCollaborator). Raises DashboardNotFound."""
    if not Dashboard.objects.in_project(project).not_deleted().filter(pk=dashboard_id).exists():
        raise DashboardNotFound
    rows = Collaborator.objects.filter(dashboard=dashboard_id).order_by("added_at", "id")
    return [
        {**dict(zip(COLUMNS, row[: len(COLUMNS)], strict=True)), "user": build_basic_user(row[len(COLUMNS) :])}
        for row in rows.values_list(*COLUMNS, *get_user_columns("membership__user"))
    ]


def read_collaborator(collaborator: Collaborator, *, project: Project) -> dict[str, Any]:
    """One of them (component DashboardCollaborator)."""
    rows = list_collaborators(collaborator.dashboard_id, project=project)
    return next(row for row in rows if row["id"] == collaborator.pk)
