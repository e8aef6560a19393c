"""The API document and its page, whose errors are the same envelope as everywhere."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response

from dashboards_api.http.conditional import etag_of, is_known
from dashboards_api.http.renderers import JSONRenderer


class JSONErrors:
    """Errors as JSON, whatever the view else answers in. OPTIONS has nothing to tell: it is a 405."""

    metadata_class = None

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Response:
        final: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        if final.status_code >= 400:
            final.accepted_renderer = JSONRenderer()
            final.accepted_media_type = JSONRenderer.media_type
        return final


class OnceGenerator(SchemaGenerator):
    """The document is the same until the process ends, and takes a second to make."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:
        if self.api_version:
            return super().get_schema(request=request, public=public)  # type: ignore[no-untyped-call]
        return _document(public)


@cache
def _document(public: bool) -> Any:
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]
    return generator.get_schema(request=None, public=public)


class SchemaView(JSONErrors, SpectacularAPIView):  # type: ignore[misc]  # untyped base
    """`/api/schema/`, in YAML or, with `?format=json`, in JSON."""

    generator_class = OnceGenerator

    def get(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        etag = etag_of(request._request, request.accepted_renderer.media_type)
        document: Any = super()
        known = is_known(request._request, etag)
        response: Response = Response(status=304) if known else document.get(request, *args, **kwargs)
        response["ETag"] = etag
        response["Cache-Control"] = "no-cache"
        return response


class SwaggerView(JSONErrors, SpectacularSwaggerSplitView):  # type: ignore[misc]  # untyped base
    """`/api/schema/swagger-ui/`, without any address but our own."""
