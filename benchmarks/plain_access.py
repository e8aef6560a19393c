"""Authentication and permissions of the plain service: an API key of a member of the project."""

from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from users.models import Membership, PersonalAPIKey, User, hash_secret


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, PersonalAPIKey] | None:
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer":
            return None
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
        keys = PersonalAPIKey.objects.select_related("user").filter(alive, user__is_active=True)
        key = keys.filter(secret_hash=hash_secret(value)).first()
        if key is None:
            raise AuthenticationFailed("The key is invalid.")
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsMember(BasePermission):
    """A permission for members of the project. It stores the membership, from which serializers derive rights."""

    def has_permission(self, request: Request, view: Any) -> bool:
        memberships = Membership.objects.filter(project_id=view.kwargs["project_id"])
        view.membership = memberships.filter(user_id=request.user.pk or 0).first()
        return view.membership is not None
