"""The verbs of collaborators: add one, remove one. Whoever may edit a dashboard may do both.

What ends with a membership ends here, too: `users` does not know of dashboards, and sends a signal.
"""

import uuid

from dashboards.access import may_restrict
from dashboards.changelog.diff import Change, field_change
from dashboards.changelog.tracking import change, changing, lock_all, note_act
from dashboards.exceptions import CollaboratorNotFound
from dashboards.models import ActivityName, Collaborator, Dashboard, PrivilegeLevel, RestrictionLevel
from dashboards.services.dashboards import lock_for_edit
from dashboards_api.errors import ValidationFailed
from users.models import Membership, Project


@changing
def add_collaborator(
    dashboard_id: int, *, project: Project, user_uuid: uuid.UUID, level: int, added_by: Membership
) -> Collaborator:
    """Let a member edit a restricted dashboard.

    Raises DashboardNotFound and Forbidden; and Invalid for an unrestricted dashboard, another level than that of
    editing, who is no member, who may edit it anyway, and who is a collaborator already.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=added_by)
    if dashboard.restriction_level == RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT:
        raise ValidationFailed("Everyone in the project may edit this dashboard: restrict it first.")
    if level != PrivilegeLevel.CAN_EDIT:
        raise ValidationFailed(f"Only the level {PrivilegeLevel.CAN_EDIT.value} can be given.", attr="level")
    membership = Membership.objects.filter(project=project, user__uuid=user_uuid, user__is_active=True).first()
    if membership is None:
        raise ValidationFailed("There is no such member of this project.", attr="user_uuid", code="does_not_exist")
    if may_restrict(membership, dashboard.created_by_id):
        raise ValidationFailed("The creator and the project's admins may edit it anyway.", attr="user_uuid")
    if dashboard.collaborators.filter(membership=membership).exists():
        raise ValidationFailed("This member is a collaborator already.", attr="user_uuid", code="unique")
    note_act(dashboard_id, ActivityName.COLLABORATOR_ADDED, [_change(None, user_uuid)])
    return dashboard.collaborators.create(membership=membership, level=level)


@changing
def remove_collaborator(dashboard_id: int, *, project: Project, user_uuid: uuid.UUID, removed_by: Membership) -> None:
    """Take away the right that was given. Raises DashboardNotFound, Forbidden and CollaboratorNotFound."""
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=removed_by)
    removed, _ = dashboard.collaborators.filter(membership__user__uuid=user_uuid).delete()
    if not removed:
        raise CollaboratorNotFound
    note_act(dashboard_id, ActivityName.COLLABORATOR_REMOVED, [_change(user_uuid, None)])


def end_collaborations(sender: object, *, membership: Membership, by: Membership, **_: object) -> None:
    """Whoever leaves a project is a collaborator nowhere in it any more."""
    with change(by=by):
        dashboards = lock_all(Dashboard.objects.filter(collaborators__membership=membership))
        Collaborator.objects.filter(membership=membership).delete()
        for dashboard_id in dashboards:
            note_act(dashboard_id, ActivityName.COLLABORATOR_REMOVED, [_change(membership.user.uuid, None)])


def _change(before: uuid.UUID | None, after: uuid.UUID | None) -> Change:
    return field_change(
        "Collaborator", ["collaborators", str(before or after)], before and str(before), after and str(after)
    )
