"""Error pages. Requests below /api/ and requests that do not accept HTML receive the JSON of the API instead."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboards_api.http import exception_handler
from dashboards_api.http.middleware import is_api_request


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _as_page(request, exception_handler.bad_request(request, exception))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _as_page(request, exception_handler.not_found(request, exception))


def server_error(request: HttpRequest) -> HttpResponse:
    return _as_page(request, exception_handler.server_error(request))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Render the page for a failed CSRF check, for Django's CSRF_FAILURE_VIEW."""
    return render(request, "pages/csrf_failure.html", status=403)


def _as_page(request: HttpRequest, answer: HttpResponse) -> HttpResponse:
    """Return an HTML page instead of the JSON if the request accepts HTML and is not below /api/."""
    if is_api_request(request) or "text/html" not in request.headers.get("Accept", ""):
        return answer
    page = render(request, "pages/error.html", {"status": answer.status_code}, status=answer.status_code)
    if "Retry-After" in answer:
        page["Retry-After"] = answer["Retry-After"]
    return page
