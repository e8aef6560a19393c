"""Rules for viewing, editing and restricting dashboards, as pure functions of a membership and a restriction."""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from dashboards.models import Dashboard, PrivilegeLevel, RestrictionLevel, TemplateScope
from dashboards_api.errors import Forbidden
from users.models import Membership

UserAccessLevel = Literal["manager", "editor", "viewer"]


class Restriction(NamedTuple):
    """The facts that determine the privileges of a member on a dashboard."""

    created_by_id: int | None
    level: int
    is_collaborator: bool  # whether the member is a collaborator of the dashboard


def get_restriction(dashboard: Dashboard) -> Restriction:
    """Return the restriction of a dashboard whose row is annotated with `is_collaborator` for the member."""
    return Restriction(dashboard.created_by_id, dashboard.restriction_level, dashboard.is_collaborator)


def may_restrict(membership: Membership, created_by_id: int | None) -> bool:
    """Return whether a member is the creator of a dashboard or an insight, or an admin of the project."""
    return membership.is_admin or membership.user_id == created_by_id


def get_privilege_level(membership: Membership, restriction: Restriction) -> PrivilegeLevel:
    """Return the privilege level of a member on a dashboard."""
    is_open = restriction.level == RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT
    if is_open or restriction.is_collaborator or may_restrict(membership, restriction.created_by_id):
        return PrivilegeLevel.CAN_EDIT
    return PrivilegeLevel.CAN_VIEW


def get_user_access_level(membership: Membership, restriction: Restriction) -> UserAccessLevel:
    """Return the object access level of a member on a dashboard."""
    if may_restrict(membership, restriction.created_by_id):
        return "manager"
    return "editor" if get_privilege_level(membership, restriction) == PrivilegeLevel.CAN_EDIT else "viewer"


def may_edit(dashboard: Dashboard, membership: Membership) -> bool:
    return get_privilege_level(membership, get_restriction(dashboard)) == PrivilegeLevel.CAN_EDIT


def check_edit_restriction(dashboard: Dashboard, membership: Membership) -> None:
    """Raise Forbidden if the restriction level of the dashboard does not let the member edit it."""
    if get_privilege_level(membership, get_restriction(dashboard)) < PrivilegeLevel.CAN_EDIT:
        raise Forbidden("You don't have edit permissions for this dashboard.")


def check_may_restrict(dashboard: Dashboard, membership: Membership) -> None:
    """Raise Forbidden unless the member may change the restriction level of the dashboard."""
    if not may_restrict(membership, dashboard.created_by_id):
        raise Forbidden("Only the dashboard owner and project admins have the restriction rights required for this.")


def check_may_change_template(
    membership: Membership, *, project_id: int | None, scopes: Collection[str], features: bool
) -> None:
    """Raise Forbidden unless the member may change a template in each of the given scopes.

    Members may change templates of their project, and staff may change global templates. Project admins may also change
    templates of the organization, and feature templates.
    """
    if TemplateScope.GLOBAL in scopes and not membership.user.is_staff:
        raise Forbidden("Only staff may change templates of global scope.")
    if TemplateScope.ORGANIZATION in scopes and project_id != membership.project_id:
        raise Forbidden("This template belongs to another project of the organization. Change it there.")
    if TemplateScope.ORGANIZATION in scopes and not membership.is_admin:
        raise Forbidden("Only project admins may change templates of organization scope.")
    if features and not membership.is_admin:
        raise Forbidden("Only project admins may change whether a template is featured.")


def check_may_undo(membership: Membership, *, owner_id: int | None) -> None:
    """Raise Forbidden unless the member owns the API key or is an admin of the project."""
    if not membership.is_admin and membership.user_id != owner_id:
        raise Forbidden("Only the owner of the key and project admins may undo its changes.")


# Insights, texts and buttons have no level of their own. Access depends on the dashboards that show them.


class InsightLevels(NamedTuple):
    """The strictest restriction level of the dashboards of an insight, and the highest privilege of a member on them.

    An insight that is on no dashboard has the levels of an unrestricted dashboard.
    """

    restriction: int
    privilege: PrivilegeLevel


def get_insight_levels(membership: Membership, restrictions: Sequence[Restriction]) -> InsightLevels:
    """Return the levels of an insight from the restrictions of the dashboards that show it."""
    strictest = max((each.level for each in restrictions), default=int(RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT))
    return InsightLevels(strictest, get_insight_privilege_level(membership, restrictions))


def get_insight_privilege_level(membership: Membership, restrictions: Sequence[Restriction]) -> PrivilegeLevel:
    """Return the highest privilege on the dashboards of an insight, or CAN_EDIT if the insight is on no dashboard."""
    levels = [get_privilege_level(membership, restriction) for restriction in restrictions]
    return max(levels, default=PrivilegeLevel.CAN_EDIT)


def get_insight_access_level(
    membership: Membership, created_by_id: int | None, privilege: PrivilegeLevel
) -> UserAccessLevel:
    """Return the object access level of a member on an insight."""
    if privilege < PrivilegeLevel.CAN_EDIT:
        return "viewer"
    return "manager" if may_restrict(membership, created_by_id) else "editor"


def may_edit_content(membership: Membership, restrictions: Sequence[Restriction]) -> bool:
    return get_insight_privilege_level(membership, restrictions) == PrivilegeLevel.CAN_EDIT


def check_content_edit_restrictions(membership: Membership, restrictions: Sequence[Restriction]) -> None:
    """Raise Forbidden if the content is on dashboards and the member may not edit any of them."""
    if not may_edit_content(membership, restrictions):
        raise Forbidden("You don't have edit permissions for any of the dashboards that show this content.")
