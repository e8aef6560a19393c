"""Fields that several request bodies share."""

from typing import Any

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty

from dashboards.folders import FOLDER_MAX_LENGTH, normalize_folder
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.serializers import BoundedListField, StrictCharField
from dashboards_api.limits import MAX_TAGS

# Every body may contain the API key. Authentication reads it from the body if no header contains an API key.
ALWAYS_ECHOED = frozenset({"personal_api_key"})


class CreateInFolderField(StrictCharField):
    """The folder of a new object exactly as sent, or null for no folder."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"allow_blank": True, "allow_null": True, "trim_whitespace": False, "max_length": FOLDER_MAX_LENGTH}
        super().__init__(**{"required": False, "source": "create_in_folder", **limits, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        text = super().run_validation(data)
        return text if validate_folder(text) else None


class FolderField(StrictCharField):
    """A normalized folder, or null for no folder."""

    def __init__(self, **kwargs: Any) -> None:
        limits = {"allow_blank": True, "allow_null": True, "trim_whitespace": False}
        help_text = "A path such as `Unfiled/Insights`; empty or null for no folder."
        super().__init__(**{"required": False, "help_text": help_text, **limits, **kwargs})

    def run_validation(self, data: Any = empty) -> Any:
        return validate_folder(super().run_validation(data))


def validate_folder(text: str | None) -> str | None:
    """Return the folder, normalized. Raises ValidationError."""
    try:
        return normalize_folder(text)
    except ValidationFailed as error:
        raise ValidationError([ErrorDetail(error.detail, code=error.code)]) from error


class TagField(StrictCharField):
    """A trimmed tag in lower case. The lowercase form can be longer than the text that was sent."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).strip().lower()


class TagsField(BoundedListField):
    """Trimmed, unique tags in lower case."""

    child = TagField(max_length=TAG_MAX_LENGTH)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "help_text",
            f"Replaces the tags, at most {MAX_TAGS}. They are trimmed, lowercased, made unique and sorted.",
        )
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        return list(dict.fromkeys(super().to_internal_value(data)))
