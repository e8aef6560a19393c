"""Whether an answer of the grammar stage is right: an error says where, a success stored what was sent."""

import json
from typing import Any, NamedTuple

import httpx

from attack.payloads import DEEP, value_of
from attack.places import Place
from attack.stored import NOWHERE, is_same, shown

ENVELOPE = {"type", "code", "detail", "attr"}
# What these refuse is no field's fault: who calls, or what is there.
NO_FIELD = ("parse_error", "not_found", "permission_denied", "throttled")


class Values(NamedTuple):
    compared: int
    wrong: list[str]


def judge_error(place: Place, payload: str, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer that is no success."""
    if answer.status_code >= 500:
        return ["a server error"]
    if not 400 <= answer.status_code < 500:
        return ["neither a success nor an error"]
    try:
        envelope = answer.json()
    except ValueError:
        return ["an error that is no JSON"]
    if not isinstance(envelope, dict) or not set(envelope) >= ENVELOPE:
        return ["an error without the envelope"]
    if answer.status_code == 400 and envelope["code"] not in NO_FIELD and not names(place, payload, envelope["attr"]):
        return ["an error that does not name the field"]
    return []


def names(place: Place, payload: str, attr: str | None) -> bool:
    """Whether an error names the place, what it lies in, or what was put into it. What is too deep is not walked."""
    if attr is None:
        return payload in DEEP
    return attr.split("__")[0] in [str(step) for step in place.pointer]


def judge_value(place: Place, payload: str, answer: httpx.Response, row: Any) -> Values:
    """Whether the row has what was sent, or the answer says that it was ignored."""
    sent = value_of(payload)
    found = shown(place, row, sent)
    if found is NOWHERE or "Ignored-Fields" in answer.headers:
        return Values(0, [])
    if is_same(found, sent) or is_same(found, meant(place, sent)):
        return Values(1, [])
    return Values(1, [f"stored {json.dumps(found)[:200]} for {json.dumps(sent)[:200]}"])


def meant(place: Place, sent: Any) -> Any:
    """What a value that is taken in another spelling is stored as."""
    if isinstance(sent, float) and sent.is_integer() and len(place.pointer) == 1:
        return int(sent)  # a column of whole numbers
    return sent
