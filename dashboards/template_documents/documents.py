"""The template documents of the service: the built-in templates, and the dashboards of the demo project."""

import json
import uuid
from functools import cache
from pathlib import Path
from typing import Any

BUILTIN_FOLDER = Path(__file__).parent / "builtin"
DEMO_FOLDER = Path(__file__).parent / "demo"
_ID_NAMESPACE = uuid.UUID("3f0b6f0e-6a0c-4a52-9a0e-0c6f5f6d7d51")

Document = dict[str, Any]


@cache
def read_builtin_templates() -> dict[str, Document]:
    """Return the built-in templates by key (`DEFAULT_APP`). Callers must not change them."""
    return {path.stem: _read(path) for path in sorted(BUILTIN_FOLDER.glob("*.json"))}


@cache
def get_builtin_ids() -> dict[uuid.UUID, str]:
    """Return the keys of the built-in templates by id. Each id is derived from the key, so ids never change."""
    return {uuid.uuid5(_ID_NAMESPACE, key): key for key in read_builtin_templates()}


def find_builtin(name: str) -> Document | None:
    """Return the built-in template with the given `template_name`, or None."""
    return next((each for each in read_builtin_templates().values() if each["template_name"] == name), None)


def read_demo_documents() -> list[Document]:
    """Return the documents of the demo dashboards, with unfilled placeholders."""
    return [_read(path) for path in sorted(DEMO_FOLDER.glob("*.json"))]


def _read(path: Path) -> Document:
    document: Document = json.loads(path.read_text())
    return document
