"""Operations that add and remove collaborators, who may edit a restricted dashboard."""

import uuid

from dashboards.access import may_restrict
from dashboards.changelog.diff import Change, build_change
from dashboards.changelog.tracking import ChangeSet, write_transaction
from dashboards.exceptions import CollaboratorNotFound
from dashboards.models import ActivityName, Collaborator, Dashboard, PrivilegeLevel, RestrictionLevel
from dashboards.services.rows import lock_dashboards, lock_for_edit
from dashboards_api.errors import ValidationFailed
from users.models import Membership, Project


def add_collaborator(
    changes: ChangeSet, dashboard_id: int, *, project: Project, user_uuid: uuid.UUID, level: int
) -> Collaborator:
    """Add a member to the collaborators of a restricted dashboard.

    Raises DashboardNotFound, Forbidden, and ValidationFailed for an unrestricted dashboard, for a level other than
    CAN_EDIT, and for a user who is not a member, may edit the dashboard already, or is a collaborator.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    if dashboard.restriction_level == RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT:
        raise ValidationFailed("Everyone in the project may edit this dashboard. Restrict the dashboard first.")
    if level != PrivilegeLevel.CAN_EDIT:
        raise ValidationFailed(f"Only the level {PrivilegeLevel.CAN_EDIT.value} can be granted.", attr="level")
    membership = Membership.objects.filter(project=project, user__uuid=user_uuid, user__is_active=True).first()
    if membership is None:
        raise ValidationFailed("There is no such member of this project.", attr="user_uuid", code="does_not_exist")
    if may_restrict(membership, dashboard.created_by_id):
        raise ValidationFailed("The creator and the project's admins may edit the dashboard anyway.", attr="user_uuid")
    if dashboard.collaborators.filter(membership=membership).exists():
        raise ValidationFailed("This member is already a collaborator.", attr="user_uuid", code="unique")
    changes.record_rights(dashboard)
    changes.record_event(dashboard, ActivityName.COLLABORATOR_ADDED, [_build_change(None, user_uuid)])
    return dashboard.collaborators.create(membership=membership, level=level)


def remove_collaborator(changes: ChangeSet, dashboard_id: int, *, project: Project, user_uuid: uuid.UUID) -> None:
    """Revoke the right of a collaborator. Raises DashboardNotFound, Forbidden and CollaboratorNotFound."""
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    removed, _ = dashboard.collaborators.filter(membership__user__uuid=user_uuid).delete()
    if not removed:
        raise CollaboratorNotFound
    changes.record_rights(dashboard)
    changes.record_event(dashboard, ActivityName.COLLABORATOR_REMOVED, [_build_change(user_uuid, None)])


def end_collaborations(sender: object, *, membership: Membership, by: Membership, **_: object) -> None:
    """Remove a leaving member from the collaborators of all dashboards. Receiver of `membership_removing`."""
    with write_transaction(by) as changes:
        dashboards = lock_dashboards(Dashboard.objects.filter(collaborators__membership=membership))
        Collaborator.objects.filter(membership=membership).delete()
        for dashboard in dashboards.values():
            changes.record_rights(dashboard)
            removal = _build_change(membership.user.uuid, None)
            changes.record_event(dashboard, ActivityName.COLLABORATOR_REMOVED, [removal])


def _build_change(before: uuid.UUID | None, after: uuid.UUID | None) -> Change:
    return build_change(
        "Collaborator", ["collaborators", str(before or after)], before and str(before), after and str(after)
    )
