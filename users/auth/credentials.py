"""The credential of a request, an API key or a session, and the projects that it gives access to.

Every query for the rows of a project starts from the membership that `get_project_membership` returns.
"""

from collections.abc import Sequence
from typing import Protocol

from dashboards_api.errors import Forbidden, NotFound
from dashboards_api.parsing import parse_int
from users.auth.scopes import ALL_SCOPES
from users.models import KeyReference, Membership, Project, User

CURRENT_PROJECT = "@current"


class Credential(Protocol):
    """The interface of `PersonalAPIKey` and `BrowserSession`.

    An empty list of projects or organizations sets no limit.
    """

    @property
    def scopes(self) -> Sequence[str]: ...

    @property
    def scoped_projects(self) -> Sequence[int]: ...

    @property
    def scoped_organizations(self) -> Sequence[str]: ...

    @property
    def key(self) -> KeyReference | None:
        """Return the API key for the activity log, or None for a session."""

    @property
    def membership(self) -> Membership | None:
        """Return the membership of the requested project, if it was loaded with the credential."""

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        """Return whether the credential may be used in a project."""


class BrowserSession:
    """The credential of a signed-in user. It allows all scopes, and all projects of which the user is a member."""

    scopes: Sequence[str] = (ALL_SCOPES,)
    scoped_projects: Sequence[int] = ()
    scoped_organizations: Sequence[str] = ()
    membership: Membership | None = None
    key: KeyReference | None = None

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        return True


def get_project_membership(user: User, credential: Credential, reference: str) -> Membership:
    """Return the caller's membership of a project, with the user loaded. `reference` is an id or `@current`.

    Raises NotFound if the project does not exist, and Forbidden if the user is not a member or the API key does not
    allow the project.
    """
    if reference == CURRENT_PROJECT:
        return get_current_membership(user, credential)
    project_id = parse_int(reference)
    membership = credential.membership
    if project_id is not None and (membership is None or membership.project_id != project_id):
        membership = Membership.objects.for_user(user.pk).with_project().filter(project_id=project_id).first()
    if membership is None:
        if project_id is None or not Project.objects.filter(pk=project_id).exists():
            raise NotFound("Project not found.")
        _check_scopes_allow_project(credential, project_id, None)
        raise Forbidden("You don't have access to the project.")
    membership.user, membership.key = user, credential.key
    organization_id = str(membership.project.organization_id) if credential.scoped_organizations else None
    _check_scopes_allow_project(credential, membership.project_id, organization_id)
    return membership


def get_current_membership(user: User, credential: Credential) -> Membership:
    """Return the membership of `@current`.

    `@current` is the only scoped project of the API key, or else the current project of the user, or else the first
    project that the user joined. Raises NotFound if the user has no project, or if the API key does not allow the
    project.
    """
    memberships = list(Membership.objects.for_user(user.pk).with_project().order_by("pk"))
    wanted_id = credential.scoped_projects[0] if len(credential.scoped_projects) == 1 else user.current_project_id
    chosen: Membership | None = next((m for m in memberships if m.project_id == wanted_id), None)
    if chosen is None and len(credential.scoped_projects) != 1:
        chosen = next(iter(memberships), None)
    if chosen is None or not credential.allows_project(chosen.project_id, str(chosen.project.organization_id)):
        raise NotFound("Project not found.")
    chosen.user, chosen.key = user, credential.key
    return chosen


def _check_scopes_allow_project(credential: Credential, project_id: int, organization_id: str | None) -> None:
    if not credential.allows_project(project_id, organization_id):
        raise Forbidden(f"API key does not have access to the requested project: ID {project_id}.")


def get_organization_memberships(user: User, credential: Credential, reference: str) -> list[Membership]:
    """Return the caller's memberships in an organization. `reference` is an id or `@current`.

    The list is never empty. Raises NotFound if the organization does not exist, the user is not a member of it, or the
    API key does not allow it.
    """
    if reference == CURRENT_PROJECT:
        reference = str(get_current_membership(user, credential).project.organization_id)
    memberships = Membership.objects.for_user(user.pk).within_scopes(
        projects=credential.scoped_projects, organizations=credential.scoped_organizations
    )
    accessible = [
        membership
        for membership in memberships.with_listed_project().order_by("pk")
        if str(membership.project.organization_id) == reference.lower()
    ]
    if not accessible:
        raise NotFound("Organization not found.")
    for membership in accessible:
        membership.user, membership.key = user, credential.key
    return accessible
