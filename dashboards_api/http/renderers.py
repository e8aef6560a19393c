"""JSON responses. Free JSON that a reader wraps in `orjson.Fragment` is copied without parsing."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from rest_framework import negotiation, renderers
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.serializer_helpers import ReturnDict

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def _to_plain(value: Any) -> Any:
    """Convert an instance of a subclass of `str` or `dict`, or a lazy string, to the built-in type."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, ReturnDict | Mapping):
        return dict(value)
    return str(value)


class JSONRenderer(renderers.JSONRenderer):
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_to_plain, option=OPTIONS)


class ContentNegotiation(negotiation.DefaultContentNegotiation):
    """Content negotiation that ignores `?format=json` and `?format=txt` of generated clients. Responses are JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer. Content negotiation is skipped for common `Accept` headers."""
        known = list(renderers)
        if len(known) == 1 and request.META.get("HTTP_ACCEPT", "*/*") in ("*/*", known[0].media_type):
            return known[0], known[0].media_type
        selected: tuple[BaseRenderer, str] = super().select_renderer(request, known, format_suffix)
        return selected

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:
        known = list(renderers)
        return [renderer for renderer in known if renderer.format == format] or known


class FileNegotiation(ContentNegotiation):
    """Content negotiation of views that return a file or a stream, regardless of `Accept`. Errors are JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)
