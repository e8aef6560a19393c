"""An invited user who has not accepted is an outsider, for every route and method."""

import pytest

from tests.api.access_table import CALLERS, TABLE
from tests.api.test_access_table import CELL_NAMES, CELLS, build_body, build_path
from tests.builders import Person, make_dashboard, make_insight, make_key
from tests.client import Api
from users.models import MembershipLevel
from users.services.members import create_invitation
from users.services.users import create_user


def make_invited(alice: Person) -> Api:
    """Create a user with a verified e-mail address and an invitation as admin."""
    user = create_user("invited@example.com", is_email_verified=True)
    create_invitation(alice.membership, email=user.email, level=MembershipLevel.ADMIN)
    return Api(make_key(user), alice.membership.project_id)


@pytest.mark.parametrize(("route", "method"), CELLS, ids=CELL_NAMES)
def test_invitation_grants_no_access(alice: Person, route: str, method: str) -> None:
    path = build_path(route, make_dashboard(alice), make_insight(alice))
    answer = make_invited(alice).call(method, path, build_body(method))
    assert answer.status == TABLE[route][method][CALLERS.index("outsider")]


def test_invitation_reveals_nothing_about_the_project(alice: Person) -> None:
    invited = make_invited(alice)
    me = invited.get("/api/users/@me/").json
    assert (me["team"], me["organization"], me["organizations"]) == (None, None, [])
    assert invited.get("/api/projects/").json["results"] == []
    assert invited.get("/api/organizations/").json["results"] == []
    for path in ("/api/projects/@current/", "/api/organizations/@current/"):
        assert invited.get(path).status == 404
    board = make_dashboard(alice, restriction_level=37)
    collaborators = f"dashboards/{board.pk}/collaborators/"
    refused = alice.api.post(collaborators, {"user_uuid": me["uuid"], "level": 37})
    assert refused.error == (400, "validation_error", "does_not_exist", "user_uuid")
