"""The root of the API."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dashboards_api.http.middleware import get_base_url
from dashboards_api.http.schema_views import JSONErrorsMixin


class IndexView(JSONErrorsMixin, APIView):  # type: ignore[misc]  # the stubs ask for an instance; DRF calls the class
    """The view of `/api/`: the URLs of the OpenAPI document and the projects. Browsers are redirected to Swagger UI."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> HttpResponse:
        if "text/html" in request.headers.get("Accept", ""):
            response: HttpResponse = HttpResponseRedirect(reverse("swagger-ui"))
        else:
            base = get_base_url(request._request)
            addresses = {"schema": reverse("schema"), "docs": reverse("swagger-ui"), "projects": "/api/projects/"}
            response = Response({"name": "dashboards-api", **{name: base + at for name, at in addresses.items()}})
        response["Vary"] = "Accept"
        return response
