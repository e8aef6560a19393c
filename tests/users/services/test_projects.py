"""Creating projects."""

import pytest

from dashboards_api.errors import NotFound
from users.models import Membership, MembershipLevel, Organization, User
from users.services.projects import create_project
from users.services.users import create_user

pytestmark = pytest.mark.django_db


def test_creating_a_project_reuses_or_creates_its_organization() -> None:
    for name in ("admin", "member"):
        create_user(f"{name}@example.com")
    one = create_project(
        "One", organization_name="Örg & Co", admins=["admin@example.com"], members=["member@example.com"]
    )
    two = create_project("Two", organization_name="Örg & Co")
    assert one.organization == two.organization == Organization.objects.get()
    assert one.organization.slug == "org-co"
    levels = dict(Membership.objects.values_list("user__email", "level"))
    assert levels == {"admin@example.com": MembershipLevel.ADMIN, "member@example.com": MembershipLevel.MEMBER}
    assert User.objects.get(email="member@example.com").current_project == one
    assert create_project("Three", organization_name="Org Co").organization.slug == "org-co-2"


def test_a_project_with_an_unknown_member_is_not_created() -> None:
    with pytest.raises(NotFound):
        create_project("One", organization_name="Org", members=["nobody@example.com"])
    assert Organization.objects.count() == 0
