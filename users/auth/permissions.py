"""Who may call an operation: a caller whose key has the scope, or who signed in, and who is a member of the project."""

from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from users.auth.credentials import BrowserSession
from users.auth.scopes import find_missing_scope
from users.auth.sessions import has_recent_sign_in
from users.models import PersonalAPIKey


class HasRequiredScopes(permissions.BasePermission):
    """The view's `required_scopes` name, for each action, the scopes a key must have.

    An action that is not named is refused: nothing becomes callable by being forgotten. A method that the route lacks
    (and OPTIONS) is no action: it asks for the scope that the method implies, and is answered 405 after that. Sessions
    have no scopes.
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
    """Routes outside a project are closed to keys that are narrowed to projects."""

    message = "API keys with scoped projects are only supported on project-based endpoints."

    def has_permission(self, request: Request, view: Any) -> bool:
        return not view.credential.scoped_projects


class HasRecentSignIn(permissions.BasePermission):
    """For changes that outlive a session: the password was given lately. Keys are held off by their scopes."""

    message = "Please sign in again: this needs your password."
    code = "sensitive_action_required_reauth"

    def has_permission(self, request: Request, view: Any) -> bool:
        is_session = isinstance(request.auth, BrowserSession)
        return not is_session or request.method in SAFE_METHODS or has_recent_sign_in(request._request)


class IsProjectMember(permissions.BasePermission):
    """Finds the project of the path and the caller's membership: 404 for no such project, 403 for no such right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return view.membership is not None  # looked up here: it raises for a project that may not be entered
