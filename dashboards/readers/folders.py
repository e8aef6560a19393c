"""Read the folders of a project."""

from typing import Any

from dashboards.models import Dashboard
from users.models import Project

MAX_FOLDERS = 200


def list_dashboard_folders(project: Project) -> list[str]:
    """Return the sorted folders of the dashboards of a project, at most 200."""
    placed: Any = Dashboard.objects.in_project(project).not_deleted().filter(folder__isnull=False)
    return list(placed.order_by("folder").values_list("folder", flat=True).distinct()[:MAX_FOLDERS])
