"""Operations on sharing: enable and disable it, change its settings, and rotate its access token."""

from django.utils import timezone

from dashboards.changelog.diff import build_hidden_change
from dashboards.changelog.tracking import ChangeSet
from dashboards.models import ActivityName, Dashboard, ReplacedAccessToken, SharingConfiguration, new_access_token
from dashboards.models.sharing_configuration import GRACE
from dashboards.services.inputs import SharingInput
from dashboards.services.rows import assign_changed_fields, lock_for_edit
from users.models import Project


def update_sharing(changes: ChangeSet, dashboard_id: int, *, project: Project, content: SharingInput) -> None:
    """Change the sharing configuration of a dashboard. Disabling sharing permanently invalidates every access token.

    Raises DashboardNotFound (also for a deleted dashboard) and Forbidden.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    change_sharing(changes, dashboard, content)


def change_sharing(changes: ChangeSet, dashboard: Dashboard, content: SharingInput) -> None:
    """Change the sharing configuration of a locked dashboard."""
    sharing = SharingConfiguration.objects.get(dashboard=dashboard)
    columns = assign_changed_fields(sharing, content, ("enabled", "settings", "password_required"))
    if "enabled" in columns and not sharing.enabled:
        sharing.access_token = new_access_token()
        sharing.replaced_access_tokens.all().delete()
        columns.append("access_token")
        changes.record_event(dashboard, ActivityName.SHARING_DISABLED, [build_hidden_change(["access_token"])])
    if "enabled" in columns and sharing.created_at is None:
        sharing.created_at = timezone.now()
        columns.append("created_at")
    if columns:
        changes.record_dashboard(dashboard)
        sharing.save(update_fields=columns)


def rotate_access_token(changes: ChangeSet, dashboard_id: int, *, project: Project) -> None:
    """Rotate the access token of a dashboard. If sharing is enabled, the old token stays valid for `GRACE`.

    Raises DashboardNotFound (also for a deleted dashboard) and Forbidden.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    sharing = SharingConfiguration.objects.get(dashboard=dashboard)
    now = timezone.now()
    sharing.replaced_access_tokens.filter(expires_at__lte=now).delete()
    if sharing.enabled:
        ReplacedAccessToken.objects.create(
            sharing_configuration=sharing, access_token=sharing.access_token, expires_at=now + GRACE
        )
    sharing.access_token = new_access_token()
    sharing.save(update_fields=["access_token"])
    changes.record_event(dashboard, ActivityName.ACCESS_TOKEN_REFRESHED, [build_hidden_change(["access_token"])])
