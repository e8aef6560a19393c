"""The form fields for the variables of a template, whose defaults the user may replace. Pure functions."""

from typing import Any, NamedTuple

from pages.console.forms.merging import Values, get_text

Json = dict[str, Any]

# The fields of a default that may name an event, in the order of precedence.
_EVENT_KEYS = ("event", "id", "name", "custom_name")


class VariableField(NamedTuple):
    """The field of one variable for the template of the page."""

    name: str
    label: str
    about: str
    value: str
    is_event: bool


def list_variable_fields(template: Json, sent: Values) -> list[VariableField]:
    """Return a field for each variable, with the submitted value or the default."""
    return [
        VariableField(
            name=f"variable-{number}",
            label=get_text(variable, "name") or variable["id"],
            about=get_text(variable, "description"),
            value=sent.get(f"variable-{number}", read_default(variable)),
            is_event=isinstance(variable["default"], dict),
        )
        for number, variable in enumerate(template["variables"] or [])
    ]


def read_default(variable: Json) -> str:
    """Return the default of a variable as a string. The text of an event is its name."""
    default = variable["default"]
    if isinstance(default, str):
        return default
    return next((text for key in _EVENT_KEYS if (text := get_text(default, key))), "")


def set_variables(template: Json, sent: Values) -> Json:
    """Return a template document with the values of the user as the defaults of its variables."""
    variables = [
        _set_default(variable, sent.get(f"variable-{number}", "").strip())
        for number, variable in enumerate(template["variables"] or [])
    ]
    return {**template, "variables": variables}


def _set_default(variable: Json, text: str) -> Json:
    if not text or text == read_default(variable):
        return variable
    default = variable["default"]
    if isinstance(default, str):
        return {**variable, "default": text}
    named = {key: text for key in _EVENT_KEYS if key in default} or {"event": text}
    return {**variable, "default": {**default, **named}}
