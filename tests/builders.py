"""Plain functions that create rows for tests."""

from typing import Any, NamedTuple

from dashboards.changelog.tracking import write_transaction
from dashboards.models import Dashboard, DashboardTemplate, Insight, Tile
from dashboards.services.dashboards import create_dashboard, update_dashboard
from dashboards.services.insights import create_insight
from tests.client import Api
from users.models import Membership, MembershipLevel, Project, User
from users.services.api_keys import create_api_key
from users.services.projects import add_member, create_project
from users.services.users import create_user

PASSWORD = "correct horse battery"
QUERY: dict[str, Any] = {
    "kind": "InsightVizNode",
    "source": {"kind": "TrendsQuery", "series": [{"event": "$pageview"}]},
}


class Person(NamedTuple):
    """A user in one project, with a key for all scopes."""

    user: User
    membership: Membership
    key: str
    api: Api


def make_project(name: str, organization: str | None = None) -> Project:
    return create_project(name, organization_name=organization or name)


def make_person(name: str, project: Project, level: MembershipLevel = MembershipLevel.MEMBER) -> Person:
    user = create_user(f"{name}@example.com", first_name=name.title())
    membership = add_member(project, user=user, level=level)
    key = make_key(user)
    return Person(user, membership, key, Api(key, project.pk))


def make_key(user: User, *scopes: str, **options: Any) -> str:
    return create_api_key(user, label="test", scopes=scopes or ["*"], **options).value


def set_password(person: Person, password: str = PASSWORD) -> None:
    person.user.set_password(password)
    person.user.save()


def make_session(person: Person) -> Api:
    """Return a client that has signed in with a password."""
    set_password(person)
    api = Api(None, person.membership.project_id)
    assert api.sign_in(person.user.email, PASSWORD).status == 200
    return api


def make_dashboard(person: Person, name: str = "Board", **content: Any) -> Dashboard:
    with write_transaction(person.membership) as changes:
        dashboard, _ = create_dashboard(
            changes,
            person.membership.project,
            content={"name": name, **content},  # type: ignore[typeddict-item]  # any content of a test
        )
    return dashboard


def make_text_tile(person: Person, dashboard: Dashboard, body: str = "text", **display: Any) -> Tile:
    item: Any = {"text": {"body": body}, **display}
    with write_transaction(person.membership) as changes:
        update_dashboard(changes, dashboard.pk, project=person.membership.project, content={"tiles": [item]})
    tile: Tile = Tile.objects.on_dashboard(dashboard).latest("pk")
    return tile


def make_insight(person: Person, *dashboards: Dashboard, name: str = "Insight", **content: Any) -> Insight:
    given: Any = {"name": name, "query": QUERY, **content, "dashboards": [dashboard.pk for dashboard in dashboards]}
    with write_transaction(person.membership) as changes:
        return create_insight(changes, person.membership.project, content=given)


def make_template(project: Project | None, name: str = "Template", **more: Any) -> DashboardTemplate:
    template = DashboardTemplate(project=project, template_name=name, tiles=[{"type": "TEXT", "body": "b"}], **more)
    template.derive()
    template.save()
    return template
