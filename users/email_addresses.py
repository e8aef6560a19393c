"""Normalize e-mail addresses, so that no two accounts have e-mail addresses that look alike."""

from contextlib import suppress

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

EMAIL_MAX_LENGTH = 254
# IDNA 2003, which Python implements, replaces these characters. In IDNA 2008 they are distinct.
_REPLACED = frozenset("ßς\u200c\u200d")
_INVALID = "Enter a valid email address."


def normalize_new_email(text: str) -> str:
    """Return the e-mail address in lower case, with an ASCII local part and the domain in punycode.

    The local part is checked before it is lowercased, because lowercasing turns the Kelvin sign into `k`. Raises
    ValidationError.
    """
    local, at, domain = text.strip().rpartition("@")
    if len(text) > EMAIL_MAX_LENGTH or not at:
        raise ValidationError(_INVALID)
    if not local.isascii():
        raise ValidationError("The part of an e-mail address before the @ may only have ASCII characters.")
    if _REPLACED.intersection(domain):
        raise ValidationError("Write the domain of this e-mail address in punycode (xn--…).")
    try:
        address = f"{local}@{domain.encode('idna').decode()}".lower()
    except UnicodeError as error:
        raise ValidationError(_INVALID) from error
    if len(address) > EMAIL_MAX_LENGTH:
        raise ValidationError(_INVALID)
    validate_email(address)
    return address


def get_email_variants(address: str) -> set[str]:
    """Return the spellings in which accounts may store the given e-mail address. Old accounts keep the typed domain."""
    local, _, domain = address.strip().lower().rpartition("@")
    domains = {domain}
    with suppress(UnicodeError):  # the domain has only one spelling
        punycode = domain.encode("idna")
        domains |= {punycode.decode(), punycode.decode("idna")}
    return {f"{local}@{each}" for each in domains}
