"""Request bodies: media types, JSON validation, sizes, and the error envelope."""

import json
import time

import pytest
from django.db import IntegrityError
from django.test import Client, override_settings

from dashboards.models import Dashboard
from dashboards_api.http.exception_handler import log_error
from dashboards_api.http.logging import JSONFormatter
from tests.builders import Person, make_dashboard

PARSE_ERROR = (400, "invalid_request", "parse_error", None)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"name":',
        b"nope",
        b"",
        b"{'name': 'x'}",
        b'{"a": 1,}',
        b"\xff\xfe",
        b'{"name": "\xff"}',
        b'{"a":NaN}',
        b"name=x",
    ],
)
def test_broken_json_is_a_parse_error(alice: Person, raw: bytes) -> None:
    answer = alice.api.call("POST", "dashboards/", raw=raw)
    if raw:
        assert answer.error == PARSE_ERROR
    else:
        assert answer.status == 201  # an empty body is read as an object without fields
    assert Dashboard.objects.count() == (0 if raw else 1)


@pytest.mark.parametrize("raw", [b"[]", b"[1,2]", b'"text"', b"5", b"true"])
def test_json_other_than_an_object_is_a_validation_error(alice: Person, raw: bytes) -> None:
    answer = alice.api.call("POST", "dashboards/", raw=raw)
    assert answer.error == (400, "validation_error", "invalid_input", None)


REFUSED = [
    (rb'{"filters":{"a":"\u0000"}}', "null_characters_not_allowed", "filters__a"),
    (rb'{"filters":{"a\u0000":1}}', "null_characters_not_allowed", "filters"),
    (rb'{"filters":{"a":["x","\ud800"]}}', "invalid_input", "filters__a__1"),
    (rb'{"unknown":{"\udfff":1}}', "invalid_input", "unknown"),
    (rb'{"filters":{"a":1e400}}', "invalid_input", "filters__a"),
    (rb'{"filters":{"a":9223372036854775808}}', "invalid_input", "filters__a"),
    (b'{"filters":{"a":' + b"9" * 5000 + b"}}", "invalid_input", "filters__a"),
    (b'{"filters":{"a":' + b"[" * 63 + b"]" * 63 + b"}}", "invalid_input", "filters__a" + "__0" * 62),
]


@pytest.mark.parametrize(("raw", "code", "attr"), REFUSED, ids=[each[0][:40].decode() for each in REFUSED])
def test_json_validation_names_the_path(alice: Person, raw: bytes, code: str, attr: str) -> None:
    board = make_dashboard(alice)
    answer = alice.api.call("PATCH", f"dashboards/{board.pk}/", raw=raw)
    assert answer.error == (400, "validation_error", code, attr)
    assert alice.api.get("dashboards/").status == 200


def test_deeply_nested_json_is_refused_without_being_parsed(alice: Person) -> None:
    for raw, attr in (
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, "a"),
        (b'{"name":"x","tags":["y"],"filters":{"b":' + b"[" * 1000, "filters"),
        (b'["a",' + b"[" * 1000, None),
        (b'{"\\ud800":' + b"[" * 1000, "\\ud800"),
    ):
        answer = alice.api.call("POST", "dashboards/", raw=raw)
        assert answer.error == (400, "validation_error", "invalid_input", attr)


def test_unusual_valid_json_is_stored(alice: Person) -> None:
    filters = {
        "": 1,
        "__proto__": {"constructor": None},
        "$where": "\U0001f4c8\u202e\ufdd0",
        "d.o.t": -(2**63),
        "deep": {},
    }
    raw = json.dumps({"filters": filters, "deeper": []}).encode("utf-8-sig")
    answer = alice.api.call("POST", "dashboards/", raw=raw)
    assert answer.status == 201
    assert alice.api.get(f"dashboards/{answer.json['id']}/").json["filters"] == filters


def test_last_value_of_a_repeated_key_applies(alice: Person) -> None:
    assert alice.api.call("POST", "dashboards/", raw=b'{"name":"a","name":"b"}').json["name"] == "b"


def test_json_validation_applies_to_forms(alice: Person) -> None:
    answer = alice.api.send_form("POST", "dashboards/", {"name": "a\x00b"})
    assert answer.error == (400, "validation_error", "null_characters_not_allowed", "name")
    answer = alice.api.send_form("POST", "dashboards/", {"filters": '{"a":'})
    assert answer.error == (400, "validation_error", "invalid_input", "filters")
    answer = alice.api.send_form("POST", "dashboards/", {"filters": r'{"a":"\u0000"}'})
    assert answer.error == (400, "validation_error", "null_characters_not_allowed", "filters__a")
    answer = alice.api.send_form("POST", "dashboards/", [(f"k{number}", "v") for number in range(1001)])
    assert answer.error == (400, "validation_error", "invalid_input", None)


def test_file_is_refused_as_text(alice: Person) -> None:
    raw = b'--x\r\nContent-Disposition: form-data; name="name"; filename="a"\r\n\r\nhi\r\n--x--\r\n'
    answer = alice.api.call("POST", "dashboards/", raw=raw, content_type="multipart/form-data; boundary=x")
    assert answer.error == (400, "validation_error", "invalid_input", "name")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=\xe9"])
def test_multipart_body_without_a_boundary_is_a_parse_error(alice: Person, content_type: str) -> None:
    assert alice.api.call("POST", "dashboards/", raw=b"x", content_type=content_type).error == PARSE_ERROR


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/octet-stream", "nonsense"])
def test_other_media_types_are_415(alice: Person, content_type: str) -> None:
    answer = alice.api.call("POST", "dashboards/", raw=b"<a/>", content_type=content_type)
    assert answer.error == (415, "invalid_request", "unsupported_media_type", None)


def test_response_in_another_media_type_is_406(alice: Person) -> None:
    answer = alice.api.call("GET", "dashboards/", headers={"Accept": "application/xml"})
    assert answer.error == (406, "invalid_request", "not_acceptable", None)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/html,*/*;q=0.8", "application/json; charset=utf-8"]
)
def test_common_accept_headers_get_json(alice: Person, accept: str) -> None:
    answer = alice.api.call("GET", "dashboards/", headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("format_", ["json", "txt", "xml"])
def test_format_parameter_of_generated_clients_has_no_effect(alice: Person, format_: str) -> None:
    assert alice.api.get("dashboards/", format=format_).status == 200


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_body_over_the_limit_is_413(alice: Person, content_type: str) -> None:
    with override_settings(MAX_BODY_BYTES=100):
        answer = alice.api.call("POST", "dashboards/", raw=b"x" * 101, content_type=content_type)
    assert answer.error == (413, "invalid_request", "payload_too_large", None)


def test_get_with_a_json_content_type_and_no_body_is_accepted(alice: Person) -> None:
    assert alice.api.call("GET", "dashboards/", content_type="application/json").status == 200


def test_unknown_route_below_api_is_a_404_envelope(alice: Person) -> None:
    for path in ("/api/nothing/", "/api/no/such/", "/api/projects/@current/no_such/", "dashboards/1/no_such_action/"):
        answer = alice.api.get(path)
        assert answer.error == (404, "invalid_request", "not_found", None)
        assert answer.json["detail"] == "Endpoint not found."
    assert Client().get("/elsewhere").content == b"Endpoint not found.\n"


def test_disallowed_host_is_a_400_envelope(alice: Person) -> None:
    answer = alice.api.call("GET", "/api/projects/", headers={"Host": "evil.example"})
    assert answer.status == 400
    assert (answer.json["type"], answer.json["attr"]) == ("invalid_request", None)
    assert "evil" not in answer.text


@pytest.mark.urls("tests.api.failing_urls")
@pytest.mark.parametrize("path", ["/api/fault/", "/api/plain-fault/"])
def test_unexpected_error_is_a_500_envelope_without_details(alice: Person, path: str) -> None:
    answer = Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {alice.key}"})
    assert answer.status_code == 500
    assert answer.json() == {
        "type": "server_error",
        "code": "error",
        "detail": "A server error occurred.",
        "attr": None,
    }


@pytest.mark.urls("tests.api.failing_urls")
@pytest.mark.parametrize("path", ["/api/database-away/", "/api/plain-database-away/"])
def test_unavailable_database_is_a_503_envelope(alice: Person, path: str) -> None:
    answer = Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {alice.key}"})
    assert answer.status_code == 503
    assert (answer.json()["type"], answer.json()["code"]) == ("server_error", "service_unavailable")
    assert answer.headers["Retry-After"] == "2"


def test_cors_allows_any_origin_with_a_key_but_not_with_cookies(alice: Person) -> None:
    answer = alice.api.call("GET", "dashboards/", headers={"Origin": "https://tool.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    preflight = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    allowed = Client().options("/api/projects/1/dashboards/", headers={"Origin": "https://tool.example", **preflight})
    assert allowed.status_code == 200
    assert "authorization" in allowed.headers["Access-Control-Allow-Headers"]


def test_method_override_is_ignored(alice: Person) -> None:
    board = make_dashboard(alice, "kept")
    alice.api.call("GET", f"dashboards/{board.pk}/?_method=PATCH&name=x", headers={"X-HTTP-Method-Override": "PATCH"})
    alice.api.send_form("POST", f"dashboards/{board.pk}/", {"_method": "PATCH", "name": "x"})
    assert Dashboard.objects.get().name == "kept"


def test_truncated_multipart_body_is_a_parse_error(alice: Person) -> None:
    whole = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nparts\r\n--x--\r\n'
    for cut in (whole[:-6], whole[:-20]):
        answer = alice.api.call("POST", "dashboards/", raw=cut, content_type="multipart/form-data; boundary=x")
        assert answer.error == PARSE_ERROR
    assert Dashboard.objects.count() == 0


def test_form_in_another_encoding_is_a_parse_error(alice: Person) -> None:
    form = "application/x-www-form-urlencoded"
    for raw in (b"name=%ff%fe", b"name=\xff"):
        assert alice.api.call("POST", "dashboards/", raw=raw, content_type=form).error == PARSE_ERROR
    assert Dashboard.objects.count() == 0


LONG = {
    "tags": [0] * 190_000,
    "many tags": [str(number) for number in range(190_000)],
    "breakdown_colors": [{}] * 90_000,
    "tiles": [{}] * 90_000,
    "quick_filter_ids": ["x"] * 100_000,
}


@pytest.mark.parametrize("case", LONG)
def test_too_long_list_is_refused_at_once(alice: Person, case: str) -> None:
    field = case.removeprefix("many ")
    started = time.process_time()
    answer = alice.api.post("dashboards/", {field: LONG[case]})
    assert answer.error == (400, "validation_error", "max_length", field)
    assert time.process_time() - started < 3  # 1.04 s were measured while a second test process ran


def test_validation_stops_at_the_first_invalid_item(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"tiles": [{"text": {"body": "t"}}, {"color": []}, {"color": {}}]})
    assert answer.error == (400, "validation_error", "invalid_input", "tiles__1__color")


def test_large_unknown_value_is_reported_quickly(alice: Person) -> None:
    started = time.process_time()
    answer = alice.api.call("POST", "dashboards/", raw=b'{"zz":[' + b"0," * 190_000 + b"0]}")
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "zz")
    assert time.process_time() - started < 3


def test_folding_takes_linear_time(alice: Person) -> None:
    started = time.process_time()
    answer = alice.api.post("dashboards/", {"description": "a" + "\u0300\u0316" * 4_999})
    assert answer.status == 201
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("value", ["1_0", "\u0663", "1.0", " ", True])
def test_only_ascii_digits_are_parsed_as_integers(alice: Person, value: object) -> None:
    answer = alice.api.post("dashboards/", {"data_color_theme_id": value})
    assert answer.error == (400, "validation_error", "invalid_input", "data_color_theme_id")


@pytest.mark.parametrize("path", ["/api/schema/", "/api/schema/swagger-ui/"])
def test_schema_errors_are_envelopes(alice: Person, path: str) -> None:
    for method in ("POST", "OPTIONS", "DELETE"):
        answer = alice.api.call(method, path)
        assert answer.error == (405, "invalid_request", "method_not_allowed", None)
    answer = alice.api.call("GET", path, headers={"Accept": "image/png"})
    assert answer.error == (406, "invalid_request", "not_acceptable", None)
    assert alice.api.call("GET", "/api/schemas").error[0] == 404


def test_error_log_contains_no_row_data(alice: Person, caplog: pytest.LogCaptureFixture) -> None:
    fault = RuntimeError("secret too")
    fault.__cause__ = IntegrityError("Failing row contains (secret)")
    with pytest.raises(RuntimeError) as raised:
        raise fault
    log_error(raised.value)
    [record] = caplog.records
    line = json.loads(JSONFormatter().format(record))
    assert line["exceptions"] == ["RuntimeError", "IntegrityError"]
    assert "test_request_bodies.py" in line["frames"][0]
    assert "secret" not in str(line)
