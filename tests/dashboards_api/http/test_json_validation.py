"""The JSON gate by itself."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards_api.db.fields import dump_json
from dashboards_api.http import json_validation

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_is_let_through_is_written_as_it_came(value: Any) -> None:
    text = dump_json(value)
    assert dump_json(json_validation.loads(text)) == text
    assert repr(json_validation.loads(json.dumps(value).encode())) == repr(value)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:\\u0d18 -1e', max_size=40).map(str.encode))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        json_validation.loads(raw)
    except (json_validation.MalformedJSON, json_validation.DisallowedJSON):
        return
    json.loads(raw.decode("utf-8-sig"))


@pytest.mark.parametrize("depth", [63, 64])
def test_64_levels_are_let_through(depth: int) -> None:
    assert json_validation.loads("[" * depth + "]" * depth) is not None


@pytest.mark.parametrize("depth", [65, 400, 501, 100_000])
def test_more_levels_are_refused(depth: int) -> None:
    with pytest.raises(json_validation.DisallowedJSON, match="64 levels"):
        json_validation.loads("[" * depth + "]" * depth)


def test_brackets_inside_strings_are_no_levels() -> None:
    text = "[" * 10_000 + '\\"[' + "]" * 20_000
    assert json_validation.loads(json.dumps([text, {text: 1}])) == [text, {text: 1}]


@pytest.mark.parametrize(
    "text",
    ['"' + '\\"' * 500_000, "[" + '"a",' * 500_000, '"' + "\\" * 999_999, '["' + "[" * 1_000_000, "[1," * 300_000],
    ids=["quotes", "strings", "backslashes", "unterminated", "bottomless"],
)
def test_hostile_text_is_refused_in_linear_time(text: str) -> None:
    started = time.process_time()
    with pytest.raises((json_validation.MalformedJSON, json_validation.DisallowedJSON)):
        json_validation.loads(text)
    assert time.process_time() - started < 2


def test_as_many_values_as_allowed_are_parsed() -> None:
    started = time.process_time()
    assert len(json_validation.loads("[" + "1," * 199_998 + "1]")) == 199_999
    assert time.process_time() - started < 3


def processor_seconds(text: str, expected: type[Exception]) -> float:
    started = time.process_time()
    with pytest.raises(expected):
        json_validation.loads(text)
    return time.process_time() - started


@pytest.mark.parametrize(
    ("text", "path", "detail"),
    [
        ("[" + "[]," * 200_000 + "[]]", (), "JSON may hold at most 200000 values."),
        ('{"a": [' + "0," * 200_000 + "0]}", ("a",), "JSON may hold at most 200000 values."),
        ('{"a": 1, "b": ' + "[" * 600 + "]" * 600 + "}", ("b",), "JSON may be nested at most 64 levels deep."),
    ],
)
def test_more_values_or_levels_than_allowed_are_refused_at_their_path(text: str, path: Any, detail: str) -> None:
    with pytest.raises(json_validation.DisallowedJSON) as refused:
        json_validation.loads(text)
    assert (refused.value.code, refused.value.path, refused.value.detail) == ("invalid_input", path, detail)


def test_as_many_values_as_allowed_are_taken() -> None:
    assert len(json_validation.loads("[" + "0," * 199_998 + "0]")) == 199_999
    commas = "," * 300_000
    assert json_validation.loads(f'["{commas}"]') == [commas]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" + "[]," * 6_900_000 + "[]]", json_validation.DisallowedJSON),
        ("[" * 20_000_000, json_validation.DisallowedJSON),
        ('"" ' * 6_000_000 + "," * 200_001, json_validation.MalformedJSON),
        ('"" ' * 6_000_000 + "[" * 501, json_validation.MalformedJSON),
    ],
)
def test_twenty_megabytes_of_structure_are_refused_at_once(text: str, expected: type[Exception]) -> None:
    assert processor_seconds(text, expected) < 1
