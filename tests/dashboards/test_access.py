"""The access rules: the level of the member, the creator and the restriction level."""

import pytest

from dashboards.access import (
    Restriction,
    check_edit_restriction,
    check_may_restrict,
    get_privilege_level,
    get_user_access_level,
    may_restrict,
)
from dashboards.models import Dashboard
from dashboards_api.errors import Forbidden
from users.models import Membership, MembershipLevel

CREATOR, OTHER = 1, 2
RULES = [
    # level, user, restriction, collaborator -> may restrict, privilege, access level
    (MembershipLevel.MEMBER, CREATOR, 21, False, True, 37, "manager"),
    (MembershipLevel.MEMBER, CREATOR, 37, False, True, 37, "manager"),
    (MembershipLevel.MEMBER, OTHER, 21, False, False, 37, "editor"),
    (MembershipLevel.MEMBER, OTHER, 37, False, False, 21, "viewer"),
    (MembershipLevel.MEMBER, OTHER, 21, True, False, 37, "editor"),
    (MembershipLevel.MEMBER, OTHER, 37, True, False, 37, "editor"),
    (MembershipLevel.ADMIN, OTHER, 21, False, True, 37, "manager"),
    (MembershipLevel.ADMIN, OTHER, 37, False, True, 37, "manager"),
    (MembershipLevel.OWNER, OTHER, 37, False, True, 37, "manager"),
]


@pytest.mark.parametrize(("level", "user", "restricted", "collaborates", "restricts", "privilege", "access"), RULES)
def test_access_rules(
    level: int, user: int, restricted: int, collaborates: bool, restricts: bool, privilege: int, access: str
) -> None:
    membership = Membership(user_id=user, project_id=1, level=level)
    dashboard = Dashboard(project_id=1, created_by_id=CREATOR, restriction_level=restricted)
    dashboard.is_collaborator = collaborates
    restriction = Restriction(CREATOR, restricted, collaborates)
    assert may_restrict(membership, CREATOR) is restricts
    assert get_privilege_level(membership, restriction) == privilege
    assert get_user_access_level(membership, restriction) == access
    for check, allowed in ((check_edit_restriction, privilege == 37), (check_may_restrict, restricts)):
        if allowed:
            check(dashboard, membership)
        else:
            with pytest.raises(Forbidden):
                check(dashboard, membership)


def test_dashboard_of_a_deleted_user_has_no_creator() -> None:
    assert may_restrict(Membership(user_id=OTHER, level=MembershipLevel.MEMBER), None) is False
