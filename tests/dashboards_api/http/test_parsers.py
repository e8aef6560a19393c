"""Parsing and validation of JSON in requests."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards_api.db.fields import dump_json
from dashboards_api.http.parsers import DisallowedJSON, MalformedJSON, load_json

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
def test_accepted_json_is_serialized_unchanged(value: Any) -> None:
    text = dump_json(value)
    assert dump_json(load_json(text)) == text
    assert repr(load_json(json.dumps(value).encode())) == repr(value)


@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:\\u0d18 -1e', max_size=40).map(str.encode))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    try:
        load_json(raw)
    except (MalformedJSON, DisallowedJSON):
        return
    json.loads(raw.decode("utf-8-sig"))


@pytest.mark.parametrize("depth", [63, 64])
def test_64_levels_are_accepted(depth: int) -> None:
    assert load_json("[" * depth + "]" * depth) is not None


@pytest.mark.parametrize("depth", [65, 400, 501, 100_000])
def test_more_levels_are_refused(depth: int) -> None:
    with pytest.raises(DisallowedJSON, match="64 levels"):
        load_json("[" * depth + "]" * depth)


def test_brackets_inside_strings_are_not_counted() -> None:
    text = "[" * 10_000 + '\\"[' + "]" * 20_000
    assert load_json(json.dumps([text, {text: 1}])) == [text, {text: 1}]


@pytest.mark.parametrize(
    "text",
    ['"' + '\\"' * 500_000, "[" + '"a",' * 500_000, '"' + "\\" * 999_999, '["' + "[" * 1_000_000, "[1," * 300_000],
    ids=["quotes", "strings", "backslashes", "unterminated", "bottomless"],
)
def test_hostile_text_is_refused_in_linear_time(text: str) -> None:
    started = time.process_time()
    with pytest.raises((MalformedJSON, DisallowedJSON)):
        load_json(text)
    assert time.process_time() - started < 2


def test_maximum_number_of_values_is_parsed() -> None:
    started = time.process_time()
    assert len(load_json("[" + "1," * 199_998 + "1]")) == 199_999
    assert time.process_time() - started < 3


def processor_seconds(text: str, expected: type[Exception]) -> float:
    started = time.process_time()
    with pytest.raises(expected):
        load_json(text)
    return time.process_time() - started


@pytest.mark.parametrize(
    ("text", "path", "detail"),
    [
        ("[" + "[]," * 200_000 + "[]]", (), "JSON may contain at most 200000 values."),
        ('{"a": [' + "0," * 200_000 + "0]}", ("a",), "JSON may contain at most 200000 values."),
        ('{"a": 1, "b": ' + "[" * 600 + "]" * 600 + "}", ("b",), "JSON may be nested at most 64 levels deep."),
    ],
)
def test_values_or_levels_above_the_limit_are_refused_at_their_path(text: str, path: Any, detail: str) -> None:
    with pytest.raises(DisallowedJSON) as refused:
        load_json(text)
    assert (refused.value.code, refused.value.path, refused.value.detail) == ("invalid_input", path, detail)


def test_maximum_number_of_values_is_accepted() -> None:
    assert len(load_json("[" + "0," * 199_998 + "0]")) == 199_999
    commas = "," * 300_000
    assert load_json(f'["{commas}"]') == [commas]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[" + "[]," * 6_900_000 + "[]]", DisallowedJSON),
        ("[" * 20_000_000, DisallowedJSON),
        ('"" ' * 6_000_000 + "," * 200_001, MalformedJSON),
        ('"" ' * 6_000_000 + "[" * 501, MalformedJSON),
    ],
)
def test_twenty_megabytes_of_brackets_are_refused_at_once(text: str, expected: type[Exception]) -> None:
    assert processor_seconds(text, expected) < 1
