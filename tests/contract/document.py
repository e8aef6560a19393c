"""Checks of every exchange of the suite against openapi.yaml: status, response body, and accepted request bodies."""

import copy
import re
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import yaml

FILE = Path(__file__).parents[2] / "openapi.yaml"
ERROR = {"$ref": "#/components/schemas/Error"}
# These methods are not operations, so the document does not contain them.
UNDOCUMENTED_METHODS = {"HEAD", "OPTIONS"}


_loading = Lock()


def document() -> dict[str, Any]:
    with _loading:  # concurrent tests would each load the document
        return _document()


@cache
def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(FILE.read_text(), Loader=yaml.CSafeLoader)  # much faster than `SafeLoader`
    return loaded


@cache
def list_patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Return the pattern of each path with its operations by method. Literal paths precede paths with parameters."""
    templates = sorted(document()["paths"], key=lambda each: each.count("{"))
    return [
        (
            re.compile("/".join("[^/]+" if step.startswith("{") else re.escape(step) for step in template.split("/"))),
            document()["paths"][template],
        )
        for template in templates
    ]


def find_operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the documented operation of a request, or None."""
    whole = path if path.endswith("/") else f"{path}/"
    return next(
        (operations.get(method.lower()) for pattern, operations in list_patterns() if pattern.fullmatch(whole)), None
    )


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    """Return a part of the document, or the component that it refers to."""
    found: dict[str, Any] = document() if "$ref" in node else node
    for step in node.get("$ref", "#").split("/")[1:]:
        found = found[step]
    return found


def check_exchange(method: str, url: str, status: int, answer: Any, request: Any = None) -> None:
    """Fail if an exchange differs from the document."""
    path = urlsplit(url).path
    operation = find_operation(method, path)
    where = f"{method} {path} -> {status}"
    if operation is None:
        if status >= 400 and path.startswith("/api/"):
            check_value(answer, ERROR, closed=True, where=where)
        return
    assert str(status) in operation["responses"], f"{where}: this status is not documented. Add it to the operation."
    content = resolve(operation["responses"][str(status)]).get("content")
    if content and "application/json" not in content:
        assert answer is None, f"{where}: the document says that the body is no JSON"
    elif content:
        check_value(answer, content["application/json"]["schema"], closed=True, where=where)
    else:
        assert answer is None, f"{where}: the document says that there is no body, but there is {answer!r}"
    if status < 300 and (request or (request is not None and "requestBody" in operation)):
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        check_value(request, schema, closed=False, where=f"{where} (request)")


def check_value(value: Any, schema: dict[str, Any], *, closed: bool, where: str) -> None:
    whole = {**schema, "components": _json_schema_components(closed)}
    validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
    assert not errors, f"{where} is not as openapi.yaml says:\n" + "\n".join(errors[:5])


@cache
def _json_schema_components(closed: bool) -> dict[str, Any]:
    """Return the components as JSON Schema. If `closed`, they allow only documented fields."""
    translated = _translate(copy.deepcopy(document()["components"]["schemas"]), closed)
    return {"schemas": translated}


def _translate(node: Any, closed: bool) -> Any:
    if isinstance(node, list):
        return [_translate(each, closed) for each in node]
    if not isinstance(node, dict):
        return node
    translated = {key: _translate(value, closed) for key, value in node.items() if key != "nullable"}
    if closed and "properties" in node and isinstance(node.get("type"), str):
        translated.setdefault("additionalProperties", False)
    return {"anyOf": [translated, {"type": "null"}]} if node.get("nullable") is True else translated
