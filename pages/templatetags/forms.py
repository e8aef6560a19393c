"""Template filters for the fields of forms."""

from collections.abc import Sequence

from django import template

register = template.Library()

Choice = tuple[str, str]


@register.filter
def get(values: dict[str, str], name: str) -> str:
    """Return the value of a field, or an empty string. Unlike in `{{ values.name }}`, the name may contain hyphens."""
    return values.get(name, "")


@register.filter
def with_stored(choices: Sequence[Choice], value: str) -> Sequence[Choice]:
    """Return the choices of a field together with its stored value.

    Without an option for this value, the browser would send another value, and saving the form would change the query.
    """
    return choices if not value or value in dict(choices) else [(value, value), *choices]
