"""Helpers for browsing pages."""

import re
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from dashboards.models import Dashboard

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

ATTACKS = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "\u2028</style><script>alert(1)//",
    "<!--<script>",
    "[x](javascript:alert(1))",
    "[x](  JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "![x](https://a.example/pixel)",
    '[x](https://a.example "onmouseover=alert(1)")',
    "<javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
]


def get_csrf_token(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert found is not None
    return found[1]


def sign_in(client: Client, email: str, password: str, **fields: str) -> Any:
    token = get_csrf_token(client.get("/login?again=1"))
    return client.post("/login", {"csrfmiddlewaretoken": token, "email": email, "password": password, **fields})


def get_text(response: Any) -> str:
    text: str = response.content.decode()
    return text


def get_dashboard_path(dashboard: Dashboard) -> str:
    return f"/projects/{dashboard.project_id}/dashboards/{dashboard.pk}"


def visit(path: str, **headers: str) -> Any:
    return Client().get(path, headers={**HTML, **headers})


class _Elements(HTMLParser):
    """A parser that collects the elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def list_elements(response: Any) -> list[tuple[str, dict[str, str | None]]]:
    return _Elements(response.content.decode()).found


def parse_policy(response: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def get_form_version(page: Any) -> str:
    """Return the version of the dashboard in the forms of a page."""
    found = re.search(r'name="version" value="(\d+)"', get_text(page))
    assert found is not None
    return found[1]
