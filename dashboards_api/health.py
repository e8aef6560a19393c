"""Liveness and readiness checks for load balancers and containers."""

from django.db import Error
from django.http import HttpRequest, JsonResponse

from dashboards_api.db.schema_state import get_known_migrations, read_applied_migrations


def healthz(request: HttpRequest) -> JsonResponse:
    """Return 200 while the process is running. The database is not checked."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 if the database is available and has every migration of this release, else 503 with the reason.

    Additional migrations are allowed, because a rolling upgrade migrates the database first.
    """
    try:
        pending = get_known_migrations() - read_applied_migrations()
    except Error:
        return _build_unavailable_response("database")
    return _build_unavailable_response("migrations") if pending else JsonResponse({"status": "ok"})


def _build_unavailable_response(reason: str) -> JsonResponse:
    return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
