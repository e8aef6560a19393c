"""The form that edits a dashboard. It changes only the fields that the user changed.

The form contains the original value of each field. Changes that other users made in the meantime are therefore kept,
and so are characters that a form cannot represent, such as line breaks in a name.
"""

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.http import QueryDict

from dashboards_api.errors import ValidationFailed

TEXTS = ("name", "description", "tags", "folder")
FIELDS = (*TEXTS, "pinned")


def format_tags(tags: Iterable[str]) -> str:
    """Return tags separated by commas. A tag with a comma is quoted."""
    return ", ".join(_quote_tag(tag) for tag in tags)


def _quote_tag(tag: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([tag])
    return text.getvalue()


def parse_tags(text: str) -> list[str]:
    """Return the tags in a comma-separated text. Raises ValidationFailed."""
    try:
        [row] = csv.reader([" ".join(text.splitlines())], skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise ValidationFailed("Separate tags by commas.", attr="tags") from error
    return [tag for tag in row if tag.strip()]


def build_fields(dashboard: dict[str, Any]) -> dict[str, str]:
    """Return the fields of the form for a dashboard."""
    return {
        "name": dashboard["name"],
        "description": dashboard["description"],
        "tags": format_tags(dashboard["tags"]),
        "folder": dashboard["folder"] or "",
        "pinned": "on" if dashboard["pinned"] else "",
    }


def get_edits(form: QueryDict) -> dict[str, str]:
    """Return the fields that the user changed. A field without an original value counts as changed."""
    # Forms of a release without folders have no field `folder`, and must not clear the folder.
    sent = {name: form.get(name, "") for name in FIELDS if name in form or name != "folder"}
    return {name: text for name, text in sent.items() if not is_same_text(text, form.get(f"was-{name}"))}


def build_body(edits: dict[str, str]) -> dict[str, Any]:
    """Return the edits as a request body. Raises ValidationFailed."""
    body: dict[str, Any] = dict(edits)
    if "description" in body:
        body["description"] = body["description"].replace("\r\n", "\n")
    if "tags" in body:
        body["tags"] = parse_tags(body["tags"])
    if "pinned" in body:
        body["pinned"] = bool(body["pinned"])
    return body


def is_same_text(text: str, was: str | None) -> bool:
    """Return whether a string is unchanged, except for line breaks, which browsers remove or change."""
    return was is not None and _remove_line_breaks(text) == _remove_line_breaks(was)


def _remove_line_breaks(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")
