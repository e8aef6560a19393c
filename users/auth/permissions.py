"""Permissions of API operations: the scopes of an API key, and the membership of a project."""

from collections.abc import Iterable
from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from users.auth.credentials import BrowserSession
from users.auth.scopes import ALL_SCOPES
from users.auth.sessions import has_recent_sign_in
from users.models import PersonalAPIKey


class HasRequiredScopes(permissions.BasePermission):
    """The permission of API keys with the scopes that `required_scopes` of the view lists for the action.

    An unlisted action is refused, so that a forgotten entry does not open the action to every key. OPTIONS, and methods
    that the route does not support, are not actions. They require the scope that the method implies. An unsupported
    method is then refused with 405. Sessions allow all scopes.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if isinstance(request.auth, BrowserSession):
            return True
        if not isinstance(request.auth, PersonalAPIKey):
            return False
        scope = find_missing_scope(request.auth.scopes, self.get_required_scopes(request, view))
        if scope is not None:
            raise PermissionDenied(f"API key missing required scope '{scope}'")
        return True

    def get_required_scopes(self, request: Request, view: Any) -> list[str]:
        action = getattr(view, "action", None)
        if action is None or action == "metadata":
            return [f"{view.scope_object}:{'read' if request.method in SAFE_METHODS else 'write'}"]
        try:
            scopes: list[str] = view.required_scopes[action]
        except KeyError:
            raise PermissionDenied("This action does not support personal API key access") from None
        return scopes


class IsNotProjectScopedKey(permissions.BasePermission):
    """The permission to use routes outside of projects. Keys with scoped projects do not have it."""

    message = "API keys with scoped projects are only supported on project-based endpoints."

    def has_permission(self, request: Request, view: Any) -> bool:
        return not view.credential.scoped_projects


class HasRecentSignIn(permissions.BasePermission):
    """The permission to make changes that outlive a session. The user must have entered their password recently.

    API keys are refused by their scopes instead.
    """

    message = "Please sign in again, because this action requires your password."
    code = "sensitive_action_required_reauth"

    def has_permission(self, request: Request, view: Any) -> bool:
        is_session = isinstance(request.auth, BrowserSession)
        return not is_session or request.method in SAFE_METHODS or has_recent_sign_in(request._request)


class IsProjectMember(permissions.BasePermission):
    """The permission of a member of the project in the path. Other users get 403, or 404 for an unknown project."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return view.membership is not None  # the property raises for users who are not members


def find_missing_scope(granted: Iterable[str], required: Iterable[str]) -> str | None:
    """Return the first required scope that the granted scopes do not include, or None."""
    held = set(granted)
    if ALL_SCOPES in held:
        return None
    for scope in required:
        object_, _, action = scope.partition(":")
        if scope not in held and not (action == "read" and f"{object_}:write" in held):
            return scope
    return None
