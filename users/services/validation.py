"""Convert validation errors of Django to domain errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError

from dashboards_api.errors import ValidationFailed


@contextmanager
def as_domain_error(attr: str) -> Iterator[None]:
    """Raise ValidationFailed, with `attr`, for a ValidationError in the block."""
    try:
        yield
    except ValidationError as error:
        raise ValidationFailed(" ".join(error.messages), attr=attr) from error
