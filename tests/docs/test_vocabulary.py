"""The glossary in `docs/architecture.md`: retired terms stay out of identifiers."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# Retired words with their standard terms. No identifier may contain one of them.
RETIRED_WORDS = {
    "arrival": "request body deadline",
    "arrivals": "request body deadline",
    "bottomless": "nesting",
    "gate": "JSON validation",
    "hurried": "best-effort write",
    "laid": "query override",
    "lens": "query override",
    "permit": "quota, request",
    "permits": "quota, request",
    "spend": "consume",
    "stamp": "best-effort write",
    "stamps": "best-effort write",
    "told": "activity",
    "unwritable": "read-only error",
}
# Retired names. Their words are still used with other meanings.
RETIRED_NAMES = {
    "Act": "Activity",
    "AlreadyThere": "Conflict",
    "Invalid": "ValidationFailed",
    "Locked": "PasswordRequired",
    "Missing": "NotFound",
    "Shown": "ResolvedTile",
    "Stale": "VersionConflict",
    "Standing": "RateLimitStatus",
    "TooMany": "TooManyAttempts",
    "as_seen": "write_dashboard",
    "begin": "record_baselines",
    "changing": "perform_write",
    "check_room": "check_tile_limits",
    "count_up": "increment_versions",
    "is_known": "etag_matches",
    "nearest_of": "find_closest_match",
    "note_act": "record_event",
    "note_locked": "record_dashboard",
    "taken_back": "undo",
    "usable_key": "get_valid_api_key",
    "whole_number": "parse_int",
    "write_down": "write_activity",
    "write_if_free": "best_effort_write",
}


def find_python_files() -> list[str]:
    git = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [name for name in listed if "/migrations/" not in name and (ROOT / name).exists()]


def iter_identifiers(name: str) -> Iterator[str]:
    """Yield the names that a file defines, and the parts of its path."""
    yield from re.split(r"[/.]", name)
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def split_words(identifier: str) -> list[str]:
    """Return the words of an identifier in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", identifier)]


def describe_retired(identifier: str) -> str | None:
    """Return the term that replaces an identifier, or None if the identifier is not retired."""
    if identifier in RETIRED_NAMES:
        return RETIRED_NAMES[identifier]
    return next((RETIRED_WORDS[word] for word in split_words(identifier) if word in RETIRED_WORDS), None)


def test_identifiers_have_no_retired_terms() -> None:
    found = {
        f"{name}: {identifier} ({term})"
        for name in find_python_files()
        for identifier in iter_identifiers(name)
        if (term := describe_retired(identifier))
    }
    assert sorted(found) == [], "These terms were replaced; see the glossary in docs/architecture.md."


@pytest.mark.parametrize(
    ("identifier", "term"),
    [
        ("take_permit", "quota, request"),
        ("PermitStore", "quota, request"),
        ("note_act", "record_event"),
        ("release", None),
        ("permission", None),
    ],
)
def test_retired_terms_are_found_as_words(identifier: str, term: str | None) -> None:
    assert describe_retired(identifier) == term


def test_glossary_defines_each_term_once() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text().partition("## Glossary")[2]
    terms = [row.split("|")[1].strip() for row in text.splitlines() if row.startswith("| ")][2:]
    assert len(terms) >= 20
    assert len(set(terms)) == len(terms)
