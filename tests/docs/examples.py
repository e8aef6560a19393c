"""The examples of a page: each shell block, and the response below it.

A documented response is a `json`, `http` or `text` block. The title of a `json` or `text` block contains the status:
`title="201 Created"`. The shell commands in a comment from `<!-- setup` to `-->` prepare the examples and are not
displayed. A line `placeholder=value` of their output sets the value of a placeholder.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.live.conftest import ROOT

PAGES = ROOT / "docs" / "api"
# Other pages whose examples are also executed.
MORE_PAGES = [ROOT / "docs" / "operations" / "monitoring.md"]
_BLOCK = re.compile(
    r"^```(?P<language>sh|json|http|text)(?: title=\"(?P<title>[^\"]*)\")?\n(?P<text>.*?)^```$"
    r"|^<!-- setup\n(?P<setup>.*?)^-->$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class DocumentedResponse:
    """A documented response, and the position of its text in the page."""

    language: str
    status: int
    headers: dict[str, str]
    body: str
    start: int
    end: int


@dataclass(frozen=True)
class Example:
    """A shell block of a page. A set-up block has no documented response."""

    command: str
    is_setup: bool
    answer: DocumentedResponse | None


def read_examples(page: Path) -> list[Example]:
    """Return the examples of a page in their order."""
    examples: list[Example] = []
    for block in _BLOCK.finditer(page.read_text()):
        if block["setup"] is not None:
            examples.append(Example(block["setup"], True, None))
        elif block["language"] == "sh":
            examples.append(Example(block["text"], False, None))
        elif block["language"] == "http" or block["title"]:
            last = examples[-1]
            assert last.answer is None, f"{page.name}: a second answer for {last.command}"
            examples[-1] = Example(last.command, last.is_setup, _read_answer(block))
    return examples


def _read_answer(block: re.Match[str]) -> DocumentedResponse:
    if block["language"] != "http":
        status = int(block["title"].split()[0])
        return DocumentedResponse(block["language"], status, {}, block["text"], block.start("text"), block.end("text"))
    head, _, body = block["text"].partition("\n\n")
    status_line, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    start = block.start("text") + len(head) + (2 if body else 0)
    return DocumentedResponse("http", int(status_line.split()[1]), headers, body, start, block.end("text"))


def is_json(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[", "0")


def read_request(command: str) -> tuple[str, str]:
    """Return the method and the path of a curl command, without the query string."""
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    curl = words[words.index("curl") :]
    address = next(word for word in curl if "$HOST/" in word)
    path = "/" + address.partition("$HOST/")[2].partition("?")[0]
    if "-X" in curl:
        return curl[curl.index("-X") + 1], path
    sends_body = any(word in ("-d", "--data-urlencode", "-F") for word in curl) and "-G" not in curl
    return ("POST" if sends_body else "GET"), path
