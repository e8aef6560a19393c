"""Views of the OpenAPI document and of Swagger UI. Their errors have the usual envelope."""

import threading
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.renderers import BaseRenderer, TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboards_api.http.openapi import ALIAS_PREFIX
from dashboards_api.http.parameter_validation import (
    build_unknown_parameter_error,
    check_parameter_count,
    find_unknown_parameters,
)
from dashboards_api.http.renderers import JSONRenderer
from dashboards_api.http.request_options import (
    IGNORED_FIELDS_HEADER,
    QueryParametersMixin,
    etag_matches,
    format_ignored_fields,
    is_strict,
    make_etag,
)

# The prefix of project paths to which the document can be limited.
PREFIXES = ("projects",)
# Below /api/ no middleware sets a Content-Security-Policy. The style sheet of Swagger UI has images as data URLs.
SWAGGER_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class JSONErrorsMixin:
    """A mixin that renders errors as JSON, regardless of the media type of other responses. OPTIONS is not allowed.

    Unknown query parameters are reported or refused, as everywhere below /api/.
    """

    metadata_class = None
    known_parameters: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # drf-spectacular has no types
        check_parameter_count(request.query_params)
        self.ignored = find_unknown_parameters(request.query_params, self.known_parameters)
        if self.ignored and is_strict(request):
            raise build_unknown_parameter_error(self.ignored[0], self.known_parameters)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]  # drf-spectacular has no types
        if final.status_code < 400 and self.ignored:
            final[IGNORED_FIELDS_HEADER] = format_ignored_fields(self.ignored)
        if final.status_code >= 400:
            final.accepted_renderer = JSONRenderer()
            final.accepted_media_type = JSONRenderer.media_type
        return final


_document_lock = threading.Lock()


def render_document(renderer_class: type[BaseRenderer], prefix: str = "") -> bytes:
    """Return the OpenAPI document, which is cached until the process exits. `prefix` omits other project paths.

    One thread at a time generates the document, because drf-spectacular loads its extensions on first use, which is not
    thread-safe.
    """
    with _document_lock:
        return _render_document(renderer_class, prefix)  # type: ignore[arg-type]  # a class can be hashed


@cache
def _render_document(renderer_class: type[BaseRenderer], prefix: str) -> bytes:
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    document = generator.get_schema(request=None, public=True)
    if prefix:
        document["paths"] = {
            path: item for path, item in document["paths"].items() if not path.startswith(ALIAS_PREFIX)
        }
    written: bytes = renderer_class().render(document, renderer_context={})
    return written


class SchemaView(QueryParametersMixin, JSONErrorsMixin, SpectacularAPIView):  # type: ignore[misc]  # untyped base
    """The OpenAPI document in YAML or, with `?format=json`, in JSON. `?prefix=projects` omits `/api/environments/`."""

    known_parameters = frozenset({"format", "prefix"})

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        prefix = self.query_choice("prefix", PREFIXES)
        renderer: BaseRenderer = request.accepted_renderer
        etag = make_etag(request._request, renderer.media_type)
        if etag_matches(request._request, etag):
            response = HttpResponse(status=304)
        else:
            charset = f"; charset={renderer.charset}" if renderer.charset else ""
            written = render_document(type(renderer), prefix)
            response = HttpResponse(written, content_type=f"{renderer.media_type}{charset}")
            response["Content-Disposition"] = f'inline; filename="{self._get_filename(request, "")}"'  # type: ignore[no-untyped-call]  # drf-spectacular has no types
        response["ETag"] = etag
        response["Cache-Control"] = "no-cache"
        return response


class SwaggerView(JSONErrorsMixin, APIView):  # type: ignore[misc]  # the stubs ask for an instance; DRF calls the class
    """Swagger UI at `/api/schema/swagger-ui/`. It loads nothing from other hosts.

    Its scripts are static files, which other sites can load, so the scripts do not contain the CSRF token.
    """

    authentication_classes = []
    permission_classes = []
    renderer_classes = [TemplateHTMLRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Any) -> Response:
        page_settings = {
            "schemaUrl": f"{reverse('schema')}?prefix=projects",
            "csrfCookieName": settings.CSRF_COOKIE_NAME,
            "csrfHeaderName": "X-CSRFToken",
            "swagger": spectacular_settings.SWAGGER_UI_SETTINGS,
        }
        context = {"title": spectacular_settings.TITLE, "page_settings": page_settings}
        return Response(context, template_name="dashboards_api/swagger_ui.html", headers=SWAGGER_HEADERS)
