"""Fields that several bodies share."""

from typing import Any

from rest_framework import serializers

from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards_api.http.serializers import StrictCharField


class TagsField(serializers.ListField):
    """Tag names: trimmed, in lower case, unique."""

    child = StrictCharField(max_length=TAG_MAX_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "help_text", "Replaces the tags. They are trimmed, in lower case, unique, and answered sorted."
        )
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(tag.strip().lower() for tag in super().to_internal_value(data)))
