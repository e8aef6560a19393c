"""Fields that several bodies share."""

from typing import Any

from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards_api.http.serializers import BoundedListField, StrictCharField
from dashboards_api.limits import TAGS_MAX

# Keys that clients of PostHog send and that mean nothing here.
SILENT = frozenset({"_create_in_folder", "creation_context", "personal_api_key"})


class TagField(StrictCharField):
    """A tag name, as it is stored: lower case can be longer than what was sent."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).strip().lower()


class TagsField(BoundedListField):
    """Tag names: trimmed, in lower case, unique."""

    child = TagField(max_length=TAG_MAX_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "help_text",
            f"Replaces the tags, at most {TAGS_MAX}. They are trimmed, in lower case, unique, and answered sorted.",
        )
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))
