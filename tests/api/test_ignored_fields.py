"""Ignored fields are named in `Ignored-Fields`, or refused with `Prefer: handling=strict`."""

import pytest

from dashboards.models import Dashboard
from tests.builders import Person, make_dashboard

STRICT = {"Prefer": "handling=strict"}


def test_unknown_keys_are_listed_in_their_order(alice: Person) -> None:
    body = {
        "nmae": 1,
        "name": "right",
        "tiles": [{"text": {"body": "t", "colour": 1}, "colr": 2, "layouts": {"sm": {"free": 1}}}],
        "a,b ü": {"inside": 1},
        "filters": {"free": 1},
    }
    answer = alice.api.post("dashboards/", body)
    assert (answer.status, answer.json["name"]) == (201, "right")
    assert answer.headers["Ignored-Fields"] == ("nmae, tiles__0__text__colour, tiles__0__colr, a%2Cb%20%C3%BC")


def test_strict_handling_refuses_unknown_keys(alice: Person) -> None:
    board = make_dashboard(alice, "kept")
    path = f"dashboards/{board.pk}/"
    answer = alice.api.patch(path, {"name": "x", "nmae": "y"}, headers=STRICT)
    assert answer.error == (400, "validation_error", "unknown_field", "nmae")
    answer = alice.api.patch(path, {"name": "x", "tiles": [{"text": {"body": "b"}, "colr": 1}]}, headers=STRICT)
    assert answer.error == (400, "validation_error", "unknown_field", "tiles__0__colr")
    assert Dashboard.objects.get().name == "kept"
    assert alice.api.patch(path, {"name": "x"}, headers=STRICT).status == 200


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ('handling="strict"', 400),
        ("respond-async, handling=strict; a=b", 400),
        ("Handling=Strict", 400),
        ("handling=lenient", 201),
        ("mishandling=strict", 201),
    ],
)
def test_prefer_header_is_parsed_as_in_rfc_7240(alice: Person, prefer: str, status: int) -> None:
    assert alice.api.post("dashboards/", {"nmae": 1}, headers={"Prefer": prefer}).status == status


def test_ids_of_new_tiles_are_refused_under_strict_handling(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"tiles": [{"id": 5, "text": {"body": "t"}}]}, headers=STRICT)
    assert answer.error == (400, "validation_error", "unknown_field", "tiles__0__id")
    assert Dashboard.objects.count() == 0


def test_header_length_is_limited(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {f"key{number}": 1 for number in range(50)})
    assert answer.headers["Ignored-Fields"].split(", ") == [f"key{number}" for number in range(20)]
    answer = alice.api.post("dashboards/", {"short": 1, "ü" * 2000: 1, "other": 1})
    assert answer.headers["Ignored-Fields"] == "short, other"


def test_unknown_key_is_escaped_in_the_header(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"a\r\nSet-Cookie: x=1": 1})
    assert answer.headers["Ignored-Fields"] == "a%0D%0ASet-Cookie%3A%20x%3D1"


def test_api_key_in_the_body_is_not_reported(alice: Person) -> None:
    """A key in the body is valid, but the header takes precedence."""
    answer = alice.api.post("dashboards/", {"personal_api_key": "x"}, headers=STRICT)
    assert answer.status == 201
    assert "personal_api_key" not in answer.json


def test_forms_are_checked_alike(alice: Person) -> None:
    answer = alice.api.send_form("POST", "dashboards/", {"nmae": "x", "tiles": '[{"text":{"body":"t"},"colr":1}]'})
    assert answer.headers["Ignored-Fields"] == "nmae, tiles__0__colr"
