"""The operations of the OpenAPI document, and their sections in docs/api/."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.docs.examples import PAGES
from tests.live.conftest import ROOT

METHODS = ("get", "post", "put", "patch", "delete")
HEADING = re.compile(r"^`([A-Z]+) (/\S+)` · (?:scope (.+)|no key)$", re.MULTILINE)
ALL_PAGES = sorted(PAGES.glob("*.md"))


@cache
def read_document() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((ROOT / "openapi.yaml").read_text(), Loader=yaml.CSafeLoader)
    return document


@cache
def read_operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Return each operation of the OpenAPI document by method and path, without the alias of its path."""
    return {
        (method.upper(), path): operation
        for path, item in read_document()["paths"].items()
        if "/environments/" not in path
        for method, operation in item.items()
        if method in METHODS
    }


@cache
def read_headings() -> dict[tuple[str, str], tuple[Path, list[str]]]:
    """Return the page and the scopes of each operation that has a section."""
    return {
        (method, path): (page, re.findall(r"`(\w+:\w+)`", scopes or ""))
        for page in ALL_PAGES
        for method, path, scopes in HEADING.findall(page.read_text())
    }


def find_operation(method: str, path: str) -> tuple[str, str] | None:
    """Return the operation of a request. A literal path takes precedence over a path with parameters."""
    for known_method, template in sorted(read_operations(), key=lambda each: each[1].count("{")):
        if known_method == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return known_method, template
    return None
