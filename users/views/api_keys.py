"""Personal API keys: `/api/personal_api_keys/`. Only sessions may manage keys. A key may only retrieve itself."""

from typing import Any, ClassVar, cast

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards_api.errors import NotFound, ValidationFailed
from dashboards_api.http.openapi import describe_body, operation_ids
from users.auth.permissions import HasRecentSignIn, HasRequiredScopes
from users.models import PersonalAPIKey
from users.readers import build_api_key, list_api_keys
from users.serializers import PersonalAPIKeyRequestSerializer, PersonalAPIKeySerializer
from users.services.api_keys import KeyChanges, create_api_key, revoke_api_key, roll_api_key, update_api_key
from users.viewsets import AuthenticatedViewSet

KEY_ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id of one of your keys.")


@operation_ids("personal_api_keys_current")
class CurrentKeyViewSet(AuthenticatedViewSet):
    """The API key of the request."""

    tag = "personal_api_keys"
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": []}

    @extend_schema(responses=PersonalAPIKeySerializer)
    def retrieve(self, request: Request) -> Response:
        """Retrieve the API key of this request.

        The response contains the scopes and projects of the key, but not its value. This operation requires no scope.
        """
        if not isinstance(self.credential, PersonalAPIKey):
            raise NotFound("This request has no API key.")
        return Response(build_api_key(self.credential))


@operation_ids("personal_api_keys")
class PersonalAPIKeyViewSet(AuthenticatedViewSet):
    """The API keys of the caller. Actions other than `retrieve` declare no scope, so that no key may use them."""

    tag = "personal_api_keys"
    scope_object = "user"
    required_scopes: ClassVar[dict[str, list[str]]] = {"retrieve": []}
    permission_classes = [IsAuthenticated, HasRequiredScopes, HasRecentSignIn]
    serializer_class = PersonalAPIKeySerializer
    pagination_class = None
    shows_secrets = True

    @extend_schema(responses=PersonalAPIKeySerializer(many=True))
    def list(self, request: Request) -> Response:
        """List your API keys. The newest keys come first. The list has no pages. This operation requires a session."""
        return Response(list_api_keys(self.caller))

    @extend_schema(request=describe_body(PersonalAPIKeyRequestSerializer), responses={201: PersonalAPIKeySerializer})
    def create(self, request: Request) -> Response:
        """Create an API key. `label` and `scopes` are required. Only this response contains its `value`."""
        changes = self._read_changes()
        for name in ("label", "scopes"):
            if name not in changes:
                raise ValidationFailed("This field is required.", attr=name, code="required")
        key, value = create_api_key(
            self.caller,
            label=changes["label"],
            scopes=changes["scopes"],
            description=changes.get("description"),
            project_ids=changes.get("scoped_projects", ()),
            organization_ids=changes.get("scoped_organizations", ()),
            expires_at=changes.get("expires_at"),
        )
        return Response(build_api_key(key, value), status=201)

    @extend_schema(parameters=[KEY_ID], responses=PersonalAPIKeySerializer)
    def retrieve(self, request: Request, id: str) -> Response:
        """Retrieve an API key. A session can retrieve each of your keys. An API key can retrieve only itself."""
        if isinstance(self.credential, PersonalAPIKey) and self.credential.pk != id:
            raise PermissionDenied("This action does not support personal API key access")
        key = self.caller.personal_api_keys.filter(pk=id).first()
        if key is None:
            raise NotFound("There is no API key with this id.")
        return Response(build_api_key(key))

    @extend_schema(
        parameters=[KEY_ID], request=describe_body(PersonalAPIKeyRequestSerializer), responses=PersonalAPIKeySerializer
    )
    def partial_update(self, request: Request, id: str) -> Response:
        """Update an API key. The change applies from the next request on."""
        return Response(build_api_key(update_api_key(id, owner=self.caller, changes=self._read_changes())))

    @extend_schema(
        parameters=[KEY_ID],
        request=None,
        responses={204: OpenApiResponse(description="The key is deleted. There is no response body.")},
    )
    def destroy(self, request: Request, id: str) -> Response:
        """Delete an API key. The next request with the key is refused."""
        revoke_api_key(id, owner=self.caller)
        return Response(status=204)

    @extend_schema(parameters=[KEY_ID], request=None, responses=PersonalAPIKeySerializer)
    def roll(self, request: Request, id: str) -> Response:
        """Rotate an API key. Its `value` is replaced. The old value is refused from the next request on."""
        key, value = roll_api_key(id, owner=self.caller)
        return Response(build_api_key(key, value))

    def _read_changes(self) -> KeyChanges:
        body: dict[str, Any] = self.read_body(PersonalAPIKeyRequestSerializer)
        if "scoped_teams" in body:
            body["scoped_projects"] = body.pop("scoped_teams")
        if "scoped_organizations" in body:
            body["scoped_organizations"] = [str(id_) for id_ in body["scoped_organizations"]]
        return cast(KeyChanges, body)
