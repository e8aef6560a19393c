"""Rules for new passwords beside Django's own, for its AUTH_PASSWORD_VALIDATORS."""

from django.core.exceptions import ValidationError

from dashboards_api.numbers import PASSWORD_MAX_LENGTH
from users.models import User


class MaximumLengthValidator:
    """No longer than what can be sent when signing in."""

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) > PASSWORD_MAX_LENGTH:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return f"A password has at most {PASSWORD_MAX_LENGTH:,} characters."
