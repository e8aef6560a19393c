"""What every error below /api/ looks like."""

from typing import Any


def is_envelope(answer: Any) -> bool:
    return isinstance(answer, dict) and set(answer) == {"type", "code", "detail", "attr"}
