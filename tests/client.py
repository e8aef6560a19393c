"""The client of the suite: Django's test client with an API key. Every exchange is checked against openapi.yaml."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests.contract.document import UNDOCUMENTED_METHODS, check_exchange


def iter_keys(value: Any) -> Iterator[str]:
    """Yield every key of a JSON value, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from iter_keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from iter_keys(inner)


class Answer:
    """A response with its JSON body; `json` is None for an empty body, a file and a stream of events."""

    def __init__(self, response: HttpResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers
        media_type = response.headers.get("Content-Type", "")
        self.text = "" if media_type == "image/png" else response.content.decode()
        is_json = not media_type.startswith(("text/event-stream", "text/csv", "image/"))
        self.json: Any = json.loads(self.text) if self.text and is_json else None

    def __repr__(self) -> str:
        return f"{self.status} {self.text[:600]}"

    @property
    def error(self) -> tuple[Any, ...]:
        """Return (status, type, code, attr) of an error, after checking its envelope."""
        assert set(self.json) == {"type", "code", "detail", "attr"}, self
        assert isinstance(self.json["detail"], str), self
        return self.status, self.json["type"], self.json["code"], self.json["attr"]


class Api:
    """A client for the operations of one project. A path that starts with a slash is absolute."""

    def __init__(self, key: str | None, project_id: int | str, **client_options: Any) -> None:
        self.key = key
        self.root = f"/api/projects/{project_id}/"
        self.client = Client(**client_options)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        documented: bool = True,
    ) -> Answer:
        """Send a request. `documented=False` allows a body that the OpenAPI document does not describe."""
        url = path if path.startswith("/") else self.root + path
        sent = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        credentials = self._csrf() if self.key is None else {"Authorization": f"Bearer {self.key}"}
        response = self.client.generic(method, url, sent, content_type, headers={**credentials, **(headers or {})})
        answer = Answer(response)  # type: ignore[arg-type]  # the response of the test client is an HttpResponse
        if method not in UNDOCUMENTED_METHODS:
            check_exchange(method, url, answer.status, answer.json, body if documented and raw is None else None)
        return answer

    def sign_in(self, email: str, password: str) -> Answer:
        """Sign in. Later calls without a key use this session and its CSRF token."""
        return self.post("/api/login/", {"email": email, "password": password})

    def _csrf(self) -> dict[str, str]:
        cookie = self.client.cookies.get(settings.CSRF_COOKIE_NAME)
        return {"X-CSRFToken": cookie.value} if cookie else {}

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", f"{path}?{urlencode(query, doseq=True)}" if query else path)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.call("POST", path, {} if body is None else body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.call("PATCH", path, {} if body is None else body, **options)

    def put(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.call("PUT", path, {} if body is None else body, **options)

    def delete(self, path: str) -> Answer:
        return self.call("DELETE", path)

    def send_form(self, method: str, path: str, pairs: Any) -> Answer:
        raw = urlencode(pairs, doseq=True).encode()
        return self.call(method, path, raw=raw, content_type="application/x-www-form-urlencoded")
