"""How often an API key may call. Sessions and strangers are not counted: what they may guess at is limited apart."""

import time
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from users.models import PersonalAPIKey
from users.services import rate_limits
from users.services.rate_limits import Standing


class PersonalAPIKeyThrottle(BaseThrottle):
    """Counts a request that was authenticated with a key, and tells the view where the key stands."""

    standing: Standing | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        if not settings.RATE_LIMITS or not isinstance(request.auth, PersonalAPIKey):
            return True
        self.standing = view.standing = rate_limits.OWN.spend(request.auth.pk, settings.RATE_LIMITS, time.time())
        return self.standing.is_allowed

    def wait(self) -> float | None:
        return self.standing.reset if self.standing else None


def show_standing(response: Response, standing: Standing) -> None:
    """The headers of the IETF draft that most clients read, in its form of three."""
    response["RateLimit-Limit"] = str(standing.limit)
    response["RateLimit-Remaining"] = str(standing.remaining)
    response["RateLimit-Reset"] = str(standing.reset)
