"""What a request shows to be let in, and how far that reaches."""

from collections.abc import Sequence
from typing import Protocol

from users.auth import scopes as key_scopes
from users.models import KeyReference, Membership


class Credential(Protocol):
    """What `PersonalAPIKey` and `BrowserSession` have in common. An empty list narrows nothing."""

    @property
    def scopes(self) -> Sequence[str]: ...

    @property
    def scoped_projects(self) -> Sequence[int]: ...

    @property
    def scoped_organizations(self) -> Sequence[str]: ...

    @property
    def key(self) -> KeyReference | None:
        """The key that it is, so that what is done with it can be known by that."""

    @property
    def membership(self) -> Membership | None:
        """The membership of the project that the request is for, where it was read already."""

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        """Whether it may be used in a project."""


class BrowserSession:
    """Somebody who signed in: only membership and access limit them."""

    scopes: Sequence[str] = (key_scopes.ALL_SCOPES,)
    scoped_projects: Sequence[int] = ()
    scoped_organizations: Sequence[str] = ()
    membership: Membership | None = None
    key: KeyReference | None = None

    def allows_project(self, project_id: int, organization_id: str | None) -> bool:
        return True
