"""The verbs of sharing: switch it on and off, change how it looks, replace its token."""

from django.utils import timezone

from dashboards.changelog.diff import hidden_change
from dashboards.changelog.tracking import changing, note_act
from dashboards.models import ActivityName, ReplacedAccessToken, SharingConfiguration, new_access_token
from dashboards.models.sharing_configuration import GRACE
from dashboards.services.dashboards import lock_for_edit
from dashboards.services.inputs import SharingInput, assign_changed_fields
from users.models import Membership, Project


@changing
def update_sharing(dashboard_id: int, *, project: Project, changes: SharingInput, updated_by: Membership) -> None:
    """Change how a dashboard is shared. Disabling ends every token at once: links that were handed out never come back.

    Raises DashboardNotFound (also for a deleted dashboard) and Forbidden.
    """
    change_sharing(lock_sharing(dashboard_id, project=project, member=updated_by), changes)


def change_sharing(sharing: SharingConfiguration, changes: SharingInput) -> None:
    """The same, inside the transaction of a service that has the dashboard locked."""
    columns = assign_changed_fields(sharing, changes, ("enabled", "settings", "password_required"))
    if "enabled" in columns and not sharing.enabled:
        sharing.access_token = new_access_token()
        sharing.replaced_access_tokens.all().delete()
        columns.append("access_token")
        note_act(sharing.dashboard_id, ActivityName.SHARING_DISABLED, [hidden_change(["access_token"])])
    if "enabled" in columns and sharing.created_at is None:
        sharing.created_at = timezone.now()
        columns.append("created_at")
    if columns:
        sharing.save(update_fields=columns)


@changing
def refresh_sharing(dashboard_id: int, *, project: Project, refreshed_by: Membership) -> None:
    """Give a dashboard a new token. The old one opens the page for another `GRACE`, if it opened it before.

    Raises DashboardNotFound (also for a deleted dashboard) and Forbidden.
    """
    sharing = lock_sharing(dashboard_id, project=project, member=refreshed_by)
    now = timezone.now()
    sharing.replaced_access_tokens.filter(expires_at__lte=now).delete()
    if sharing.enabled:
        ReplacedAccessToken.objects.create(
            sharing_configuration=sharing, access_token=sharing.access_token, expires_at=now + GRACE
        )
    sharing.access_token = new_access_token()
    sharing.save(update_fields=["access_token"])
    note_act(dashboard_id, ActivityName.ACCESS_TOKEN_REFRESHED, [hidden_change(["access_token"])])


def lock_sharing(dashboard_id: int, *, project: Project, member: Membership) -> SharingConfiguration:
    """The sharing of a live dashboard that the member may edit, locked until the transaction ends."""
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=member)
    return SharingConfiguration.objects.get(dashboard=dashboard)
