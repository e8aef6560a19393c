"""Is the process alive, and can it serve? For load balancers and containers; neither answer says more than that."""

from django.db import Error
from django.http import HttpRequest, JsonResponse

from dashboards_api.db.schema_state import applied_migrations, known_migrations


def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the process answers. It asks nobody."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers and has every migration of this release, else 503 with the reason.

    A database that is ahead, in the middle of a rolling upgrade, is no reason.
    """
    try:
        pending = known_migrations() - applied_migrations()
    except Error:
        return _unavailable("database")
    return _unavailable("migrations") if pending else JsonResponse({"status": "ok"})


def _unavailable(reason: str) -> JsonResponse:
    return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
