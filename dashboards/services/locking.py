"""Locking dashboards before they are changed. Every write of tiles holds the lock of their dashboard."""

from dashboards.access import check_may_edit
from dashboards.changelog.activity_log import record_baselines
from dashboards.exceptions import DashboardNotFound
from dashboards.models import Dashboard
from dashboards.models.dashboard import DashboardQuerySet
from users.models import Membership, Project


def lock_dashboards(dashboards: DashboardQuerySet) -> dict[int, Dashboard]:
    """Lock dashboards in the order of their ids, so that no two writes wait for each other. Return them by id.

    Those without a version in the log get one before they are changed for the first time.
    """
    rows = dashboards.with_has_history().select_for_update().order_by("pk")
    locked = {dashboard.pk: dashboard for dashboard in rows}
    record_baselines([dashboard.pk for dashboard in locked.values() if not dashboard.has_history])
    return locked


def lock_dashboard(dashboard_id: int, *, project: Project, member: Membership) -> Dashboard:
    """Lock a dashboard, deleted or not, and return it as the member sees it. Raises DashboardNotFound."""
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member).filter(pk=dashboard_id)
    dashboard = lock_dashboards(rows).get(dashboard_id)
    if dashboard is None:
        raise DashboardNotFound
    return dashboard


def lock_for_edit(dashboard_id: int, *, project: Project, member: Membership) -> Dashboard:
    """Lock a dashboard that is not deleted and that the member may edit. Raises DashboardNotFound and Forbidden."""
    dashboard = lock_dashboard(dashboard_id, project=project, member=member)
    if dashboard.deleted:
        raise DashboardNotFound
    check_may_edit(dashboard, member)
    return dashboard
