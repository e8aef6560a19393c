"""Template documents: the built-in ones, and placeholders in any of them. They ask no database."""

import json
import re
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from dashboards.template_schema import check_template
from dashboards_api.errors import Invalid
from dashboards_api.fields import dumps
from dashboards_api.transactions import refuse_in_transaction

FOLDER = Path(__file__).parent / "builtin_templates"
# The namespace of the ids of built-in templates.
_IDS = uuid.UUID("3f0b6f0e-6a0c-4a52-9a0e-0c6f5f6d7d51")
# A string that is exactly this is replaced by the default of that variable; every other brace is text. A variable that
# is named in no other way than inside longer texts is refused: who wrote that expects it to be replaced.
PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
# What all placeholders of a document may grow to.
MAX_SUBSTITUTED_CHARACTERS = 4 * 1024 * 1024

# How deep a filled document may be nested: what the body of a request can hold of it.
MAX_DEPTH = 62

Document = dict[str, Any]


@cache
def builtin_templates() -> dict[str, Document]:
    """The templates that come with the service, by key (`DEFAULT_APP`). Do not change them."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


@cache
def builtin_ids() -> dict[uuid.UUID, str]:
    """Return the keys of built-in templates by their ids, which are made of the keys and so never change."""
    return {uuid.uuid5(_IDS, key): key for key in builtin_templates()}


def builtin_named(name: str) -> Document | None:
    """A built-in template by the name that people see."""
    return next((each for each in builtin_templates().values() if each["template_name"] == name), None)


def filled(document: Any, *, attr: str = "template", is_new: bool = True) -> Document:
    """A checked document with its placeholders replaced. It may take long: not inside a transaction.

    One that is not new was stored, and may exceed limits that came later.

    Raises Invalid at the path of the first fault.
    """
    refuse_in_transaction("To fill a template")
    check_template(document, attr, is_new=is_new)
    placeholders = _Placeholders(document)
    replaced = placeholders.replaced(attr)
    if is_new:
        placeholders.check_embedded(attr)
    if placeholders.used:
        check_template(replaced, attr, is_new=is_new)
    return replaced


def placeholders_in(value: Any) -> set[str]:
    """The names of all placeholders in a value."""
    if isinstance(value, dict):
        return set().union(*(placeholders_in(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(placeholders_in(inner) for inner in value))
    found = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return {found.group(1)} if found else set()


def depth_of(value: Any) -> int:
    """How many objects and lists lie in each other."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


class _Placeholders:
    """Replaces placeholders in the tiles and the filters of a document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.defaults = {variable["id"]: variable["default"] for variable in document.get("variables") or []}
        self.depths = {id_: depth_of(default) for id_, default in self.defaults.items()}
        self.sizes = {id_: len(dumps(default)) for id_, default in self.defaults.items()}
        self.left = MAX_SUBSTITUTED_CHARACTERS
        self.used: set[str] = set()
        self.embedded: dict[str, str] = {}  # the first path where a placeholder is not replaced

    def replaced(self, attr: str) -> Document:
        if not PLACEHOLDER.search(orjson.dumps([self.document["tiles"], self.document["dashboard_filters"]]).decode()):
            return self.document  # walking through a large document takes a tenth of a second
        parts = {
            key: self._value(self.document[key], f"{attr}__{key}".removeprefix("__"), 1)
            for key in ("tiles", "dashboard_filters")
        }
        return {**self.document, **parts}

    def _value(self, value: Any, path: str, depth: int) -> Any:
        # The JSON gate bounds the depth of what arrives here.
        if isinstance(value, dict):
            return {key: self._value(inner, f"{path}__{key}", depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._value(inner, f"{path}__{index}", depth + 1) for index, inner in enumerate(value)]
        if not isinstance(value, str) or "{" not in value:
            return value
        if placeholder := PLACEHOLDER.fullmatch(value):
            return self._default(placeholder.group(1), path, depth)
        self._note_embedded(value, path)
        return value

    def _note_embedded(self, text: str, path: str) -> None:
        for id_ in PLACEHOLDER.findall(text):
            if id_ in self.defaults and self.defaults[id_] != f"{{{id_}}}":  # that one stands for itself
                self.embedded.setdefault(id_, path)

    def check_embedded(self, attr: str) -> None:
        """Raise Invalid for a variable that is named only where it is not replaced, such as inside a longer text."""
        for name in ("template_name", "dashboard_description"):
            self._note_embedded(self.document[name] or "", f"{attr}__{name}".removeprefix("__"))
        for id_, path in self.embedded.items():
            if id_ not in self.used:
                detail = f"{{{id_}}} is not replaced here: only a text in a tile or a filter that is exactly this is."
                raise Invalid(detail, attr=path)

    def _default(self, id_: str, path: str, depth: int) -> Any:
        if id_ not in self.defaults:
            raise Invalid(f"The template declares no variable {id_}.", attr=path)
        if depth + self.depths[id_] > MAX_DEPTH:
            raise Invalid("The template is nested too deep when its variables are filled in.", attr=path)
        self.used.add(id_)
        self.left -= self.sizes[id_]
        if self.left < 0:
            raise Invalid("The template grows too large when its variables are filled in.", attr=path)
        return self.defaults[id_]
