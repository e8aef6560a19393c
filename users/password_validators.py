"""Password validators for AUTH_PASSWORD_VALIDATORS, in addition to Django's."""

from django.core.exceptions import ValidationError

from dashboards_api.limits import PASSWORD_MAX_LENGTH
from users.models import User


class MaximumLengthValidator:
    """A validator that refuses passwords too long to be accepted on sign-in."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return f"A password has at most {PASSWORD_MAX_LENGTH:,} characters."
