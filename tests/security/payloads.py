"""Payloads for every field, as raw JSON, since most libraries cannot write some of them."""

import json
from random import Random

from tests.pages.browsing import ATTACKS

MARKUP = [
    *ATTACKS,
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    '<https://a.example/"onmouseover="alert(1)>',
    "{{7*7}}{% debug %}${7*7}",
    "]]><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "java\tscript:alert(1)",
]
CHARACTERS = [
    "\ufffe\uffff\U0010ffff",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u202egnp.exe\u202c",
    "e" + "\u0301" * 150,
    "\ufeffmark",
    "\u2028\u2029\x85\x7f\x1b",
    "\u0130\u0131\u1e9e\ufb03",
]
SQL = ["' OR 1=1 --", "'; DROP TABLE dashboards_dashboard; --", "100%_\\", '"); SELECT pg_sleep(9); --']
SLOW = ["(" * 3900, "[" * 3900, "*" * 3900, "[a](" * 900, "|a" * 1900, "> " * 1900]
LONG = ["x" * 41, "x" * 401, "x" * 5_000, "x" * 100_000]
TEXTS = [*MARKUP, *CHARACTERS, *SQL, *SLOW, *LONG, "", " ", "{A}", "@current", "__proto__"]

# Values that our JSON encoder cannot write.
ODD_TEXTS = [r'"\ud800"', r'"a\udfff\ud800b"', r'"\u0000"', r'"a\u0000b"']
NUMBERS = ["NaN", "-Infinity", "1e400", "-0.0", "1e-400", "9" * 5_000, "2147483648", "9223372036854775807"]
NUMBERS += ["9223372036854775808", "1" + "0" * 30, "-1", "0", "1.0", "999999999"]
SHAPES = ["null", "true", "[]", "{}", "[null]", "[[[]]]", '{"": {"": null}}', '{"a": 1, "a": 2}']
SHAPES += ['{"__proto__": {"x": 1}, "constructor": 1}', '{"$where": "1", "a.b": 1, "$ref": "#"}']
DEEP = ["[" * 40 + "]" * 40, "[" * 100 + "]" * 100, '{"a":' * 70 + "1" + "}" * 70, "[" * 20_000 + "]" * 20_000]
REFUSED = {*ODD_TEXTS, *NUMBERS[:3], "9" * 5_000, "9223372036854775808", "1" + "0" * 30, *DEEP[1:]}


def build_payloads(seed: int) -> list[str]:
    """Return each payload as JSON, or as text that imitates JSON."""
    random = Random(seed)
    noise = "".join(chr(random.choice([*range(0x20, 0xD800), *range(0xE000, 0x11000)])) for _ in range(12))
    return [*(json.dumps(text) for text in [*TEXTS, noise]), *ODD_TEXTS, *NUMBERS, *SHAPES, *DEEP]


def is_json_string(payload: str) -> bool:
    """Return whether a payload can be the key of an object."""
    return payload.startswith('"')


def is_refused(payload: str) -> bool:
    """Return whether no field may accept a payload, since it is not JSON, cannot be stored, or is nested too deeply."""
    return payload in REFUSED


def parse_value(payload: str) -> object:
    """Return the value that a JSON parser reads."""
    return json.loads(payload)
