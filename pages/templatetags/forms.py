"""A template filter for the fields of forms, whose names have hyphens."""

from django import template

register = template.Library()


@register.filter
def get(values: dict[str, str], name: str) -> str:
    """Return the value of a field, or an empty text."""
    return values.get(name, "")
