"""Read the collaborators of a dashboard."""

from typing import Any

from dashboards.exceptions import DashboardNotFound
from dashboards.models import Collaborator, Dashboard
from users.models import Project
from users.readers import build_basic_user, get_user_columns

COLUMNS = ("id", "dashboard_id", "level", "added_at", "updated_at")
USER_COLUMNS = get_user_columns("membership__user")


def list_collaborators(dashboard_id: int, *, project: Project) -> list[dict[str, Any]]:
    """Return the collaborators in the order they were added (component DashboardCollaborator).

    Raises DashboardNotFound.
    """
    if not Dashboard.objects.in_project(project).not_deleted().filter(pk=dashboard_id).exists():
        raise DashboardNotFound
    rows = Collaborator.objects.filter(dashboard=dashboard_id).order_by("added_at", "id")
    return [
        {
            **{column: row[column] for column in COLUMNS},
            "user": build_basic_user(tuple(row[column] for column in USER_COLUMNS)),
        }
        for row in rows.values(*COLUMNS, *USER_COLUMNS)
    ]


def read_collaborator(collaborator: Collaborator, *, project: Project) -> dict[str, Any]:
    """Return one collaborator (component DashboardCollaborator). Raises DashboardNotFound."""
    rows = list_collaborators(collaborator.dashboard_id, project=project)
    return next(row for row in rows if row["id"] == collaborator.pk)
