"""The API document and its page, whose errors are the same envelope as everywhere."""

from typing import Any

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.response import Response

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


class SchemaView(JSONErrors, SpectacularAPIView):  # type: ignore[misc]  # untyped base
    """`/api/schema/`, in YAML or, with `?format=json`, in JSON."""


class SwaggerView(JSONErrors, SpectacularSwaggerSplitView):  # type: ignore[misc]  # untyped base
    """`/api/schema/swagger-ui/`, without any address but our own."""
