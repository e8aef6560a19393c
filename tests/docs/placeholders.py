"""Placeholders in the documentation for values that differ between databases.

A placeholder matches values of the same format.
"""

import re

DOCUMENTED_HOST = "http://127.0.0.1:8000"
WILDCARD = "…"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
KEY_ID = re.compile(r"[0-9A-Za-z]{20,24}")
SHOWN_TIME = "2026-11-02T09:30:00.000000Z"
SECRETS = {
    "access_token": "EXAMPLE-LINK-TOKEN",
    "short_id": "EXAMPLE",
    "value": "phx_EXAMPLE",
    "password": "EXAMPLE-PASSWORD",
    "shareToken": "EXAMPLE-SHARE-TOKEN",
    "api_token": "phc_EXAMPLE",
    "mask_value": "phx_…",
}


class Placeholders:
    """The values of one database for the placeholders of one page. A placeholder has one value on the whole page."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.values: dict[str, str] = {}

    def copy(self) -> "Placeholders":
        """Return a copy for text outside of the page, so that new placeholders do not affect the page."""
        copied = Placeholders(self.host)
        copied.values = dict(self.values)
        return copied

    def fill_in(self, text: str) -> str:
        """Return text of the documentation in which the values of this database replace the placeholders."""
        for placeholder in sorted(self.values, key=len, reverse=True):
            text = text.replace(placeholder, self.values[placeholder])
        return text.replace(DOCUMENTED_HOST, self.host)

    def match(self, documented: str, actual: str) -> bool:
        """Return whether a documented text matches an actual text. Store the value of a new placeholder."""
        if documented not in self.values and is_placeholder_of(documented, actual):
            self.values[documented] = actual
        if TIME.fullmatch(documented):
            return TIME.fullmatch(actual) is not None
        pattern = ".*".join(re.escape(part) for part in self.fill_in(documented).split(WILDCARD))
        return re.fullmatch(pattern, actual, re.DOTALL) is not None

    def show(self, actual: str, key: str) -> str:
        """Return the documented form of an actual value: the value or a placeholder."""
        if TIME.fullmatch(actual):
            return SHOWN_TIME
        if UUID.fullmatch(actual) or KEY_ID.fullmatch(actual) or (key in SECRETS and actual):
            known = [placeholder for placeholder, value in self.values.items() if value == actual]
            return known[0] if known else self._new_placeholder(actual, key)
        shown = actual.replace(self.host, DOCUMENTED_HOST)
        for placeholder, value in self.values.items():
            shown = shown.replace(value, placeholder)
        return shown

    def _new_placeholder(self, actual: str, key: str) -> str:
        number = len(self.values) + 1
        if UUID.fullmatch(actual):
            placeholder = f"0192f3a0-0000-4000-8000-{number:012}"
        else:
            secret = SECRETS.get(key, "EXAMPLE-KEY-ID")
            if WILDCARD in secret:
                return secret
            placeholder = f"{secret}{number if key == 'short_id' else f'-{number}'}"
        self.values[placeholder] = actual
        return placeholder


def is_placeholder_of(documented: str, actual: str) -> bool:
    """Return whether a documented text is a placeholder for values in the format of the actual value."""
    if UUID.fullmatch(documented):
        return UUID.fullmatch(actual) is not None
    prefix, example, _ = documented.partition("EXAMPLE")
    return bool(example) and WILDCARD not in documented and actual.startswith(prefix)
