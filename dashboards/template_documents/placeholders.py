"""Placeholders of template documents, such as `{SIGN_UP}`: finding them, and replacing them with their defaults."""

import re
from typing import Any

import orjson

from dashboards.template_documents.documents import Document
from dashboards.template_documents.schema import check_template
from dashboards_api.db.fields import dump_json
from dashboards_api.db.transactions import refuse_in_transaction
from dashboards_api.errors import ValidationFailed

# A string that is exactly one placeholder is replaced with the default of the variable. Other braces are text. A
# variable that occurs only inside longer strings is refused, since its author expects it to be replaced.
PLACEHOLDER = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
# Maximum total size of the defaults that are substituted in one document.
MAX_SUBSTITUTED_CHARACTERS = 4 * 1024 * 1024
# Maximum nesting of a filled document, so that the body of a request can contain it.
MAX_DEPTH = 62


def fill_template(document: Any, *, attr: str = "template", is_new: bool = True) -> Document:
    """Check a document and return it with its placeholders replaced.

    With `is_new=False`, limits that were introduced after the document was stored do not apply. Filling can take
    seconds, and is refused inside a transaction. Raises ValidationFailed at the path of the first error.
    """
    refuse_in_transaction("Filling a template")
    check_template(document, attr, is_new=is_new)
    filler = _TemplateFiller(document)
    filled = filler.fill(attr)
    if is_new:
        filler.check_embedded(attr)
    if filler.used:
        check_template(filled, attr, is_new=is_new)
    return filled


def find_placeholders(value: Any) -> set[str]:
    """Return the names of all placeholders in a JSON value."""
    if isinstance(value, dict):
        return set().union(*(find_placeholders(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(find_placeholders(inner) for inner in value))
    found = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return {found.group(1)} if found else set()


def get_nesting_depth(value: Any) -> int:
    """Return the number of levels of objects and lists in a JSON value."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(get_nesting_depth, value.values() if isinstance(value, dict) else value), default=0)


class _TemplateFiller:
    """An object that replaces the placeholders in the tiles and the filters of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.defaults = {variable["id"]: variable["default"] for variable in document.get("variables") or []}
        self.depths = {id_: get_nesting_depth(default) for id_, default in self.defaults.items()}
        self.sizes = {id_: len(dump_json(default)) for id_, default in self.defaults.items()}
        self.remaining = MAX_SUBSTITUTED_CHARACTERS
        self.used: set[str] = set()
        self.embedded: dict[str, str] = {}  # the first path of each variable inside a longer text

    def fill(self, attr: str) -> Document:
        """Return the document with its placeholders replaced. Raises ValidationFailed."""
        if not PLACEHOLDER.search(orjson.dumps([self.document["tiles"], self.document["dashboard_filters"]]).decode()):
            return self.document  # traversing a large document takes a tenth of a second
        parts = {
            key: self._fill_value(self.document[key], f"{attr}__{key}".removeprefix("__"), 1)
            for key in ("tiles", "dashboard_filters")
        }
        return {**self.document, **parts}

    def check_embedded(self, attr: str) -> None:
        """Raise ValidationFailed for a variable that occurs only inside longer strings, where it is not replaced."""
        for name in ("template_name", "dashboard_description"):
            self._record_embedded(self.document[name] or "", f"{attr}__{name}".removeprefix("__"))
        for id_, path in self.embedded.items():
            if id_ not in self.used:
                detail = (
                    f"{{{id_}}} is not replaced here. A placeholder is replaced only where it is the whole text "
                    "of a value in a tile or a filter."
                )
                raise ValidationFailed(detail, attr=path)

    def _fill_value(self, value: Any, path: str, depth: int) -> Any:
        # The recursion is bounded, since JSON validation limits the nesting of every body.
        if isinstance(value, dict):
            return {key: self._fill_value(inner, f"{path}__{key}", depth + 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._fill_value(inner, f"{path}__{index}", depth + 1) for index, inner in enumerate(value)]
        if not isinstance(value, str) or "{" not in value:
            return value
        if placeholder := PLACEHOLDER.fullmatch(value):
            return self._use_default(placeholder.group(1), path, depth)
        self._record_embedded(value, path)
        return value

    def _record_embedded(self, text: str, path: str) -> None:
        for id_ in PLACEHOLDER.findall(text):
            if id_ in self.defaults and self.defaults[id_] != f"{{{id_}}}":  # exports declare literal text this way
                self.embedded.setdefault(id_, path)

    def _use_default(self, id_: str, path: str, depth: int) -> Any:
        if id_ not in self.defaults:
            raise ValidationFailed(f"The template does not declare the variable {id_}.", attr=path)
        if depth + self.depths[id_] > MAX_DEPTH:
            raise ValidationFailed("The template is nested too deeply when its variables are filled in.", attr=path)
        self.used.add(id_)
        self.remaining -= self.sizes[id_]
        if self.remaining < 0:
            raise ValidationFailed("The template becomes too large when its variables are filled in.", attr=path)
        return self.defaults[id_]
