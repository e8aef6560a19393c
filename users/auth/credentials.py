"""The credential of a request, and the scopes and projects that it allows."""

from collections.abc import Sequence
from typing import Protocol

from users.auth import scopes as key_scopes
from users.models import KeyReference, Membership


class Credential(Protocol):
    """The interface of `PersonalAPIKey` and `BrowserSession`. An empty list of projects or organizations allows all."""

    @property
    def scopes(self) -> Sequence[str]: ...

    @property
    def scoped_projects(self) -> Sequence[int]: ...

    @property
    def scoped_organizations(self) -> Sequence[str]: ...

    @property
    def key(self) -> KeyReference | None:
        """The API key, for the activity log. None for a session."""

    @property
    def membership(self) -> Membership | None:
        """The membership of the requested project, if it was loaded with the credential."""

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        """Return whether the credential may be used in a project."""


class BrowserSession:
    """The credential of a signed-in user. It allows all scopes and all projects that they are a member of."""

    scopes: Sequence[str] = (key_scopes.ALL_SCOPES,)
    scoped_projects: Sequence[int] = ()
    scoped_organizations: Sequence[str] = ()
    membership: Membership | None = None
    key: KeyReference | None = None

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        return True
