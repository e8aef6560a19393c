"""URLs and e-mail addresses in plain text, found in one pass and without backtracking."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

# Longer strings are shown without links.
LINKED_MAX_LENGTH = 20_000

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})"
_ADDRESS = re.compile(
    r"(?<![\w@/.%+-])(?:"
    r"(?P<url>(?:https?://|www\.)[^\s<>\"`\\^{|}\[\]]+)"
    rf"|(?P<mail>[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{{0,63}}@(?:{_NAME}\.){{1,8}}[A-Za-z]{{2,24}}(?![\w@-]))"
    r")",
    re.IGNORECASE,
)
# Characters at the end of a URL or an e-mail address that belong to the sentence.
_AFTER = "?!.,:;*_~'\""


class Address(NamedTuple):
    start: int
    end: int
    href: str


def find_addresses(text: str) -> Iterator[Address]:
    """Yield the URLs and e-mail addresses in a string, with the targets of their links."""
    for match in _ADDRESS.finditer(text):
        shown = _strip_punctuation(match[0])
        if match["mail"]:
            yield Address(match.start(), match.start() + len(shown), f"mailto:{shown}")
            continue
        href = f"https://{shown}" if shown[:4].lower() == "www." else shown
        if _has_host(href):
            yield Address(match.start(), match.start() + len(shown), href)


def linkify(text: str) -> SafeString:
    """Return plain text as HTML, with its URLs and e-mail addresses as links."""
    if len(text) > LINKED_MAX_LENGTH:
        return conditional_escape(text)
    parts, start = [], 0
    for found in find_addresses(text):
        parts.append(conditional_escape(text[start : found.start]))
        shown, start = text[found.start : found.end], found.end
        parts.append(
            format_html('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>', found.href, shown)
        )
    return mark_safe("".join([*parts, conditional_escape(text[start:])]))  # noqa: S308  each part is escaped


def _strip_punctuation(text: str) -> str:
    """Return a URL or an e-mail address without the punctuation or bracket that follows it in the text."""
    unopened = text.count(")") - text.count("(")
    end = len(text)
    while end:
        if text[end - 1] == ")" and unopened > 0:
            unopened -= 1
        elif text[end - 1] not in _AFTER:
            break
        end -= 1
    return text[:end]


def _has_host(href: str) -> bool:
    try:
        host = urlsplit(href).hostname or ""
    except ValueError:
        return False
    return "." in host.strip(".") or host == "localhost"
