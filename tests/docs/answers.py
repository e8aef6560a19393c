"""Comparison of documented JSON with JSON responses. `// …` at the end of an object or a list stands for the rest."""

import json
import re
from typing import Any

from tests.docs.placeholders import Placeholders

REST = "…"
LINE_WIDTH = 100
_REST_COMMENT = re.compile(r"//[ ]*…[^\n]*")


def parse_answer(text: str) -> Any:
    """Return documented JSON, with `REST` as a key or an item where the rest is omitted."""
    parsed, position = "", 0
    for comment in _REST_COMMENT.finditer(text):
        parsed += text[position : comment.start()].rstrip()
        parsed += "" if parsed[-1] in "{[," else ","
        parsed += f'"{REST}": null' if text[comment.end() :].lstrip().startswith("}") else f'"{REST}"'
        position = comment.end()
    return json.loads(parsed + text[position:])


def find_difference(documented: Any, actual: Any, placeholders: Placeholders, path: str = "") -> str:
    """Return the first difference in words, or an empty string."""
    if isinstance(documented, dict) and isinstance(actual, dict):
        return _find_difference_of_objects(documented, actual, placeholders, path)
    if isinstance(documented, list) and isinstance(actual, list):
        return _find_difference_of_lists(documented, actual, placeholders, path)
    if isinstance(documented, str) and isinstance(actual, str):
        is_same = placeholders.match(documented, actual)
    else:
        is_same = type(documented) is type(actual) and documented == actual
    return "" if is_same else f"{path}: {documented!r} is documented, {actual!r} is answered"


def _find_difference_of_objects(
    documented: dict[str, Any], actual: dict[str, Any], placeholders: Placeholders, path: str
) -> str:
    shown = [key for key in documented if key != REST]
    missing = [key for key in shown if key not in actual]
    unshown = [key for key in actual if key not in documented]
    if missing or (unshown and REST not in documented):
        return f"{path}: not answered: {missing}; not documented: {unshown}"
    differences = (find_difference(documented[key], actual[key], placeholders, f"{path}.{key}") for key in shown)
    return next(filter(None, differences), "")


def _find_difference_of_lists(documented: list[Any], actual: list[Any], placeholders: Placeholders, path: str) -> str:
    has_rest = documented[-1:] == [REST]
    shown = documented[:-1] if has_rest else documented
    if len(actual) < len(shown) or (len(actual) > len(shown) and not has_rest):
        return f"{path}: {len(shown)} items are documented, {len(actual)} are answered"
    pairs = enumerate(zip(shown, actual, strict=False))
    differences = (find_difference(item, given, placeholders, f"{path}[{n}]") for n, (item, given) in pairs)
    return next(filter(None, differences), "")


def update_answer(documented: Any, actual: Any, placeholders: Placeholders, key: str = "") -> Any:
    """Return the actual response in the form of the documented response, with its omissions and placeholders."""
    if isinstance(actual, dict):
        return _update_object(documented if isinstance(documented, dict) else {}, actual, placeholders)
    if isinstance(actual, list):
        return _update_list(documented if isinstance(documented, list) else [], actual, placeholders, key)
    if isinstance(actual, str):
        is_shown = isinstance(documented, str) and placeholders.match(documented, actual)
        return documented if is_shown else placeholders.show(actual, key)
    return actual


def _update_object(documented: dict[str, Any], actual: dict[str, Any], placeholders: Placeholders) -> dict[str, Any]:
    keys = [key for key in documented if key in actual] if REST in documented else list(actual)
    shown = {key: update_answer(documented.get(key), actual[key], placeholders, key) for key in keys}
    return shown | ({REST: None} if REST in documented and len(keys) < len(actual) else {})


def _update_list(documented: list[Any], actual: list[Any], placeholders: Placeholders, key: str) -> list[Any]:
    has_rest = documented[-1:] == [REST]
    examples = documented[:-1] if has_rest else documented
    items = actual[: len(examples)] if has_rest else actual
    models = [*examples, *[examples[-1] if examples else None] * len(items)]
    shown = [update_answer(model, item, placeholders, key) for model, item in zip(models, items, strict=False)]
    return [*shown, REST] if has_rest and len(items) < len(actual) else shown


def render_answer(value: Any, indent: str = "") -> str:
    """Return JSON for a page: short values are on one line, and omitted parts are a comment."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (len(indent) + len(line) <= LINE_WIDTH and REST not in line):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {render_answer(part, inner)}" for key, part in value.items() if key != REST]
        has_rest = REST in value
    else:
        has_rest = value[-1:] == [REST]
        parts = [render_answer(part, inner) for part in (value[:-1] if has_rest else value)]
    rest = f",\n{inner}// {REST}" if has_rest and parts else f"// {REST}" if has_rest else ""
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(parts) + f"{rest}\n{indent}{closing}"
