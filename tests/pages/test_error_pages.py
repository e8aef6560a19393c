"""Error pages."""

import pytest
from django.test import Client

from tests.pages.browsing import HTML

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.failing_urls")]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nowhere", 404, "There is no page at this URL."),
        (f"/shared/{'a' * 30}/", 404, "This link no longer works"),
        ("/shared/short", 404, "This link no longer works"),
        ("/plain-fault", 500, "An internal error occurred"),
        ("/database-away", 503, "The service cannot reach its database."),
    ],
)
def test_error_is_a_page_for_browsers(path: str, status: int, message: str) -> None:
    page = Client(headers=HTML, raise_request_exception=False).get(path)
    assert (page.status_code, page["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert message in page.content.decode()
    assert "secret" not in page.content.decode()
    # A link that is embedded in another site may have been deleted.
    assert page.get("X-Frame-Options") == (None if path.startswith("/shared/") else "DENY")
    assert page.get("Retry-After") == ("2" if status == 503 else None)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/nowhere", 404, "Endpoint not found.\n"),
        ("/plain-fault", 500, "A server error occurred.\n"),
        ("/database-away", 503, "The service cannot reach its database at the moment. Please try again.\n"),
    ],
)
def test_error_is_plain_text_for_scripts(path: str, status: int, message: str) -> None:
    answer = Client(raise_request_exception=False).get(path)
    assert (answer.status_code, answer.content.decode()) == (status, message)


def test_disallowed_host_is_explained() -> None:
    page = Client(headers={**HTML, "Host": "evil.example"}).get("/login")
    assert page.status_code == 400
    assert "This request could not be read" in page.content.decode()
    assert "evil" not in page.content.decode()
