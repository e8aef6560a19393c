"""Who may call an operation: a signed-in caller, whose key has the scope, who is a member of the project."""

from typing import Any

from rest_framework import permissions
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from users.models import PersonalAPIKey
from users.scopes import missing_scope


class HasRequiredScopes(permissions.BasePermission):
    """The view's `required_scopes` name, for each action, the scopes a key must have.

    An action that is not named is refused: nothing becomes callable by being forgotten. A method that the route lacks
    (and OPTIONS) is no action: it asks for the scope that the method implies, and is answered 405 after that.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not isinstance(request.auth, PersonalAPIKey):
            return False
        scope = missing_scope(request.auth.scopes, self.required(request, view))
        if scope is not None:
            raise PermissionDenied(f"API key missing required scope '{scope}'")
        return True

    def required(self, request: Request, view: Any) -> list[str]:
        action = getattr(view, "action", None)
        if action is None or action == "metadata":
            return [f"{view.scope_object}:{'read' if request.method in SAFE_METHODS else 'write'}"]
        try:
            scopes: list[str] = view.required_scopes[action]
        except KeyError:
            raise PermissionDenied("This action does not support personal API key access") from None
        return scopes


class IsNotNarrowed(permissions.BasePermission):
    """Routes outside a project are closed to keys that are narrowed to projects."""

    message = "API keys with scoped projects are only supported on project-based endpoints."

    def has_permission(self, request: Request, view: Any) -> bool:
        return not (isinstance(request.auth, PersonalAPIKey) and request.auth.scoped_projects)


class IsProjectMember(permissions.BasePermission):
    """Finds the project of the path and the caller's membership: 404 for no such project, 403 for no such right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return view.membership is not None  # looked up here: it raises for a project that may not be entered
