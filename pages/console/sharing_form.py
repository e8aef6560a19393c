"""The fields of the sharing panel. Their labels are positive, whereas some stored settings of PostHog are negative."""

from typing import Any

from django.http import QueryDict

from dashboards.models.sharing_configuration import THEMES
from dashboards.services.inputs import SharingInput
from dashboards_api.errors import ValidationFailed

# Checkboxes: the field of the form, the stored setting, whether a checked box means true, and the label.
SETTINGS = (
    ("show_header", "noHeader", False, "Title and description of the dashboard"),
    ("show_details", "hideExtraDetails", False, "Descriptions and kinds of the insights"),
    ("show_data", "detailed", True, "Queries, and results as files, below the charts"),
    ("show_queries", "hideQueries", False, "Queries in the JSON of the page"),
    ("show_footer", "whitelabel", False, "Footer with the name of this service"),
)


def read_settings(settings: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the checkboxes with their state."""
    stored = settings or {}
    return [
        {"name": name, "label": label, "is_on": bool(stored.get(key)) is is_positive}
        for name, key, is_positive, label in SETTINGS
    ]


def build_sharing_input(form: QueryDict, stored: dict[str, Any] | None) -> SharingInput:
    """Return the sharing settings of the form. Settings without a field are kept. Raises ValidationFailed."""
    theme = form.get("theme", "")
    if theme not in THEMES:
        raise ValidationFailed("There is no such theme.", attr="theme")
    chosen = {key: (name in form) is is_positive for name, key, is_positive, _ in SETTINGS}
    return {
        "password_required": "password_required" in form,
        "settings": {**(stored or {}), **chosen, "theme": theme},
    }
