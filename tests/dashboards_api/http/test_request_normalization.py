"""The normalization of requests between the server and Django."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboards_api.http.request_normalization import add_headers, build_environ, normalize_content_type


def build_scope(headers: list[tuple[str, str]] | None = None, **changes: Any) -> Any:
    values = {
        "method": "GET",
        "path": "/api/",
        "query_string": "",
        "server": "127.0.0.1:8000",
        "client": "192.0.2.7:5555",
        "http_version": "1.1",
        "scheme": "http",
    }
    return SimpleNamespace(**values | changes, headers=SimpleNamespace(items=lambda: headers or []))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("application/json; charset=base64", "application/json"),
        ("Application/JSON", "application/json"),
        ('multipart/form-data; charset=utf-16; boundary="a b"', 'multipart/form-data; boundary="a b"'),
        ("multipart/form-data; Boundary=x1; charset=idna", 'multipart/form-data; boundary="x1"'),
        ("a; x*=bogus''y", "application/octet-stream"),
        ("text/html, application/json", "application/octet-stream"),
    ],
)
def test_content_type_keeps_its_media_type_and_boundary(sent: str, kept: str) -> None:
    assert normalize_content_type(sent) == kept
    assert build_environ(build_scope([("content-type", sent)]))["CONTENT_TYPE"] == kept


@pytest.mark.parametrize(("sent", "seen"), [("PATCH", "PATCH"), ("patch", "NOT-patch"), ("Get", "NOT-Get")])
def test_lower_case_method_is_a_different_method(sent: str, seen: str) -> None:
    assert build_environ(build_scope(method=sent))["REQUEST_METHOD"] == seen


def test_header_with_an_underscore_overwrites_nothing() -> None:
    environ = build_environ(build_scope([("x-forwarded-for", "203.0.113.9"), ("x_forwarded_for", "10.0.0.1")]))
    assert environ["HTTP_X_FORWARDED_FOR"] == "203.0.113.9"
    assert not [value for value in environ.values() if value == "10.0.0.1"]


def test_repeated_headers_are_joined_in_order() -> None:
    environ: dict[str, Any] = {}
    add_headers(environ, [("x-forwarded-for", "198.51.100.1"), ("cookie", "a=1"), ("cookie", "b=2")])
    add_headers(environ, [("x-forwarded-for", "203.0.113.9")])
    assert environ == {"HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9", "HTTP_COOKIE": "a=1; b=2"}


def test_non_ascii_text_is_passed_as_bytes() -> None:
    environ = build_environ(build_scope(path="/é", query_string="q=é"))
    assert (environ["PATH_INFO"], environ["QUERY_STRING"]) == ("/Ã©", "q=Ã©")


@pytest.mark.parametrize(("client", "address"), [("192.0.2.7:5555", "192.0.2.7"), ("[2001:db8::1]:80", "2001:db8::1")])
def test_client_address_has_no_port(client: str, address: str) -> None:
    assert build_environ(build_scope(client=client))["REMOTE_ADDR"] == address


def test_announced_length_is_left_to_the_body() -> None:
    environ = build_environ(build_scope([("content-length", "5"), ("content-type", "text/plain")]))
    assert "HTTP_CONTENT_LENGTH" not in environ
    assert "CONTENT_LENGTH" not in environ
    assert "HTTP_CONTENT_TYPE" not in environ
