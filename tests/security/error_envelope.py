"""The format of errors below /api/."""

from typing import Any


def is_envelope(answer: Any) -> bool:
    return isinstance(answer, dict) and set(answer) == {"type", "code", "detail", "attr"}
