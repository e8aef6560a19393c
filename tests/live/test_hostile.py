"""Hostile requests over real connections: truncated bodies, unusual headers and methods."""

import json
import socket

import httpx
import pytest

from tests.live.conftest import Service

FORM = "application/x-www-form-urlencoded"


def exchange(
    service: Service, request: bytes, *, method: str = "POST", path: str = "dashboards/", ends: bool = True
) -> bytes:
    """Send a request line and headers with an API key, then `request`, and return the response.

    `ends` closes the sending direction of the connection.
    """
    head = (
        f"{method} /api/projects/1/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Authorization: Bearer {service.printed_keys[0]}\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=15) as connection:
        connection.sendall(head.encode() + request)
        if ends:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while block := connection.recv(65536):
            received += block
    return received


def count_dashboards(service: Service) -> int:
    headers = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    number: int = httpx.get(f"{service.base}/api/projects/1/dashboards/", headers=headers).json()["count"]
    return number


TRUNCATED = {
    "form": f"Content-Type: {FORM}\r\nContent-Length: 60\r\n\r\nname=half",
    "json": 'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"name": "ab"}',
    "multipart": "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 500\r\n\r\n"
    '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nhalf',
    "chunked without a chunk": "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunked with bad framing": "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
}


@pytest.mark.parametrize("case", TRUNCATED)
def test_truncated_body_writes_nothing(service: Service, case: str) -> None:
    before = count_dashboards(service)
    answer = exchange(service, TRUNCATED[case].encode())
    assert b" 201 " not in answer.split(b"\r\n", 1)[0]
    if b" 400 " in answer.split(b"\r\n", 1)[0] and b"{" in answer:
        assert json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])["code"] == "parse_error"
    assert count_dashboards(service) == before


@pytest.mark.parametrize("charset", ["base64", "hex", "rot13", "undefined", "idna", "utf-16", "punycode"])
def test_charset_is_ignored(service: Service, charset: str) -> None:
    key = {"Authorization": f"Bearer {service.printed_keys[0]}"}
    headers = {**key, "Content-Type": f"application/json; charset={charset}"}
    base = f"{service.base}/api/projects/1/dashboards/"
    assert httpx.get(f"{base}?limit=1&search=x", headers=headers).status_code == 200
    created = httpx.post(base, content='{"name": "ü"}'.encode(), headers=headers)
    assert (created.status_code, created.json()["name"]) == (201, "ü")
    form = {**key, "Content-Type": f"{FORM}; charset={charset}"}
    assert httpx.post(base, content=b"name=%C3%BC", headers=form).json()["name"] == "ü"
    odd = {"Content-Type": "a; x*=bogus''y"}
    assert httpx.get(f"{service.base}/healthz", headers=odd).status_code == 200


def test_lower_case_method_is_405(service: Service) -> None:
    answer = exchange(service, b"Content-Length: 0\r\n\r\n", method="patch", path="dashboards/1/", ends=False)
    assert b" 405 " in answer.split(b"\r\n", 1)[0]
