"""What Django's validators refuse, as the domain's own error."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError

from dashboards_api.errors import Invalid


@contextmanager
def as_domain_error(attr: str) -> Iterator[None]:
    """What Django's validators refuse, as Invalid."""
    try:
        yield
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), attr=attr) from error
