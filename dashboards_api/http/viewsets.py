"""The base class of API view sets, which reads bodies and reports ignored fields."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar

from django.core.exceptions import RequestDataTooBig
from django.utils.cache import patch_vary_headers
from rest_framework.exceptions import NotFound
from rest_framework.fields import BooleanField
from rest_framework.metadata import BaseMetadata
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from dashboards_api.http.parameter_validation import (
    build_unknown_parameter_error,
    check_parameter_count,
    find_unknown_parameters,
    get_declared_parameters,
)
from dashboards_api.http.parsers import validate_form
from dashboards_api.http.request_options import (
    IGNORED_FIELDS_HEADER,
    QueryParametersMixin,
    build_unknown_field_error,
    find_unknown_keys,
    format_ignored_fields,
    is_strict,
)
from dashboards_api.http.serializers import RequestSerializer


class AllowedMethodsMetadata(BaseMetadata):
    """The response to OPTIONS: the methods of the route, as in the Allow header."""

    def determine_metadata(self, request: Request, view: Any) -> dict[str, Any]:
        return {"methods": view.allowed_methods}


class ApiViewSet(QueryParametersMixin, GenericViewSet[Any]):
    """The base class of API view sets.

    `scope_object` names the resource in scopes, and `required_scopes` contains the scopes that each action needs. `tag`
    groups the operations in the OpenAPI document. There, the first sentence of an action's docstring is the summary,
    and the rest is the description.
    """

    metadata_class = AllowedMethodsMetadata  # type: ignore[assignment]  # the stubs ask for an instance; DRF calls the class
    scope_object: ClassVar[str]
    tag: ClassVar[str]
    required_scopes: ClassVar[dict[str, list[str]]] = {}
    # Whether responses contain secrets, which no cache may store.
    shows_secrets: ClassVar[bool] = False
    # Whether POST requests may have an `Idempotency-Key`. Views with `shows_secrets` refuse it.
    accepts_idempotency_key: ClassVar[bool] = False
    # Methods that are routed only to be refused with 405. They are left out of the `Allow` header.
    refused_methods: ClassVar[frozenset[str]] = frozenset()

    # The paths of fields and parameters that had no effect in this request.
    ignored: Sequence[str] = ()

    @property
    def allowed_methods(self) -> list[str]:
        return [method for method in super().allowed_methods if method not in self.refused_methods]

    # Instances are shared by all requests, since they have no state.

    def get_authenticators(self) -> list[Any]:
        return _create_instances(tuple(self.authentication_classes))

    def get_permissions(self) -> list[Any]:
        return _create_instances(tuple(self.permission_classes))

    def get_parsers(self) -> list[Any]:
        return _create_instances(tuple(self.parser_classes))

    def get_renderers(self) -> list[Any]:
        return _create_instances(tuple(self.renderer_classes))

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.META.get("QUERY_STRING"):
            self.check_parameters()
        if any("\0" in value for value in kwargs.values()):
            raise NotFound  # no row has such an id, and PostgreSQL refuses NUL characters

    def check_parameters(self) -> None:
        """Report unknown query parameters in the response, or refuse them, like unknown fields of a body.

        Names are not checked for OPTIONS, or for methods that are not supported or always refused.
        """
        validate_form(self.query)
        check_parameter_count(self.query)
        if self.action in (None, "metadata") or self.request.method in self.refused_methods:
            return
        known = get_declared_parameters(self)
        unknown = find_unknown_parameters(self.query, known)
        if unknown and self.is_strict:
            raise build_unknown_parameter_error(unknown[0], known)
        self.add_ignored(unknown)

    @property
    def body_data(self) -> Any:
        """Return the parsed body."""
        with suppress(RequestDataTooBig):  # the parsers report it
            _ = self.request._request.body  # read the body now, so that `request.data` can be parsed again
        return self.request.data

    def read_body(
        self,
        serializer_class: type[RequestSerializer],
        prepare: Callable[[Any], tuple[Any, list[str]]] | None = None,
    ) -> dict[str, Any]:
        """Return the validated body. Unknown fields are reported in the response, or refused under strict handling.

        `prepare` removes fields that have no effect from the body, and returns the body and the paths of these fields.
        """
        body = serializer_class().parse_form(self.body_data)
        if prepare:
            body, left_out = prepare(body)
            self.report_ignored(left_out)
        serializer = serializer_class(data=body)
        serializer.is_valid(raise_exception=True)
        self.report_ignored(list(find_unknown_keys(serializer, body)))
        validated: dict[str, Any] = serializer.validated_data
        return validated

    @property
    def is_strict(self) -> bool:
        return is_strict(self.request)

    def report_ignored(self, paths: list[str]) -> None:
        """Report fields that had no effect in `Ignored-Fields`, or refuse them under strict handling."""
        if paths and self.is_strict:
            raise build_unknown_field_error(paths[0])
        self.add_ignored(paths)

    def add_ignored(self, paths: list[str]) -> None:
        """Add fields or parameters that had no effect to `Ignored-Fields` of the response."""
        self.ignored = [*self.ignored, *paths]

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final = super().finalize_response(request, response, *args, **kwargs)
        # The response to a replayed request has the header of the first response.
        if self.ignored and final.status_code < 400 and IGNORED_FIELDS_HEADER not in final:
            final[IGNORED_FIELDS_HEADER] = format_ignored_fields(self.ignored)
        # Caches must revalidate a response, and must not share it.
        if self.shows_secrets:
            final["Cache-Control"] = "no-store"
        final.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(final, ("Authorization",))
        if isinstance(final, Response):  # not a file or a stream
            final.add_post_render_callback(_break_reference_cycle)
        return final

    def has_false(self, name: str) -> bool:
        """Return whether the field `name` of the body is false."""
        value = self.body_data.get(name) if isinstance(self.body_data, Mapping) else None
        return isinstance(value, str | int) and value in BooleanField.FALSE_VALUES


def _break_reference_cycle(response: Any) -> None:
    """Break the reference cycle of a rendered response and its view.

    Otherwise, the rows and the JSON of many responses would occupy memory until the next garbage collection, which
    takes more CPU time than reusing the memory of the last response.
    """
    context = response.renderer_context
    context.pop("view").response = None
    context.clear()


@cache
def _create_instances(classes: tuple[type[Any], ...]) -> list[Any]:
    return [each() for each in classes]
