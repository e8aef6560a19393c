"""What a request lays over filters and variables, in one answer alone. Pure functions on JSON; nothing is stored.

Filters are replaced key by key. A variable is named by its id or by its code name, and keeps what the override does not
give: a variable that was made anew has another id, and what names it by its code name must go on reaching it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dashboards_api.errors import Invalid

Json = dict[str, Any]

FILTERS, VARIABLES = "filters_override", "variables_override"
# The values that the filters with an effect on queries may have; null is none.
_SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "date_from": ((str,), "a text"),
    "date_to": ((str,), "a text"),
    "properties": ((list, dict), "a list or an object"),
    "breakdown_filter": ((dict,), "an object"),
}
VALUE_KEYS = ("value", "isNull")


class Overrides(NamedTuple):
    """What an answer shows in place of what is stored."""

    filters: Json | None = None
    variables: Json | None = None


AS_STORED = Overrides()


def checked(filters: Json | None, variables: Json | None) -> Overrides:
    """Return the overrides. Raises Invalid for a value that could have no effect because of its type."""
    for name, value in (filters or {}).items():
        types, words = _SHAPES.get(name, ((object,), ""))
        if value is not None and not isinstance(value, types):
            raise Invalid(f"This must be {words}, or null.", attr=f"{FILTERS}__{name}")
    for name, value in (variables or {}).items():
        if value is None:
            detail = "Give a value, or an object with `value` or `isNull`."
            raise Invalid(detail, attr=f"{VARIABLES}__{name}", code="null")
    return Overrides(filters, variables)


def without_value(overrides: Overrides) -> list[str]:
    """Return the paths of variables for which an override gives neither a value nor null."""
    return [f"{VARIABLES}__{name}" for name, given in (overrides.variables or {}).items() if not gives_value(given)]


def gives_value(given: Any) -> bool:
    """Return whether an override says what a variable is: an object may only describe it."""
    return not isinstance(given, dict) or any(key in given for key in VALUE_KEYS)


def entry_of(given: Any) -> Json:
    """Return a variable as an object: a value by itself stands for one that has it."""
    return given if isinstance(given, dict) else {"value": given}


def code_name_of(variable: Any) -> str | None:
    """Return the name by which SQL knows a variable, where it has one."""
    name = variable.get("code_name") if isinstance(variable, dict) else None
    return name if isinstance(name, str) else None


def targets(stored: Json, overrides: Json) -> Iterator[tuple[str, str, Any]]:
    """Yield each override with the stored variable that it is for: its name, that variable's id, what is given.

    One that is for no stored variable has its own name as id. Raises Invalid for two that are for the same.
    """
    ids = {name: id_ for id_, variable in stored.items() if (name := code_name_of(variable))}
    seen: set[str] = set()
    for name, given in overrides.items():
        id_ = name if name in stored else ids.get(name) or ids.get(code_name_of(given) or "") or name
        if id_ in seen:
            raise Invalid("Another override is for the same variable.", attr=f"{VARIABLES}__{name}", code="unique")
        seen.add(id_)
        yield name, id_, given


def laid_over(stored: Any, given: Any) -> Any:
    """Return a variable with what an override gives of it; what the override does not give stays."""
    if stored is None:
        return given
    before, entry = entry_of(stored), entry_of(given)
    if "value" in entry or entry.get("isNull"):
        before = {key: value for key, value in before.items() if key not in VALUE_KEYS}
    own_name = {"code_name": before["code_name"]} if "code_name" in before else {}
    return {**before, **entry, **own_name}
