"""Execution of the examples of a page against a live service, to compare or update the documented responses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.answers import find_difference, parse_answer, render_answer, update_answer
from tests.docs.api_examples import (
    ApiExamples,
    find_operation_id,
    read_api_example,
    read_api_examples,
    update_api_example,
)
from tests.docs.examples import DocumentedResponse, Example, is_json, read_examples
from tests.docs.placeholders import Placeholders
from tests.live.conftest import ROOT

MANAGE = ".venv/bin/python manage.py"


@dataclass(frozen=True)
class Response:
    """The response to the request of a command."""

    status: int
    headers: dict[str, str]
    body: str


class PageRunner:
    """A runner of commands in a separate folder, in which curl is configured to record the headers of each response."""

    def __init__(self, environment: dict[str, str], host: str, key: str, folder: Path) -> None:
        self.folder = folder
        self.assignments = ""
        self.placeholders = Placeholders(host)
        self.environment = environment | {"HOST": host, "KEY": key, "CURL_HOME": str(folder), "NO_PROXY": "*"}
        self.environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        (folder / ".curlrc").write_text(f'silent\nshow-error\ndump-header = "{folder / "headers"}"\n')

    def run(self, example: Example) -> Response | None:
        """Run the command of an example, and return the response.

        A command without a documented response sets variables for later commands.
        """
        if not example.is_setup and not example.answer:
            self.assignments += example.command
        command = self.placeholders.fill_in(self.assignments + example.command)
        command = command.replace(MANAGE, f"{sys.executable} {ROOT / 'manage.py'}")
        done = subprocess.run(
            ["bash", "-euc", command], env=self.environment, cwd=self.folder, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if example.is_setup:
            lines = [line.partition("=") for line in done.stdout.splitlines()]
            self.placeholders.values |= {placeholder: value for placeholder, is_set, value in lines if is_set}
        return self._read_reply(done.stdout) if example.answer else None

    def _read_reply(self, output: str) -> Response:
        status_line, *lines = (self.folder / "headers").read_text().split("\n\n")[0].splitlines()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
        body = output.replace("\r\n", "\n").partition("\n\n")[2] if output.startswith("HTTP/1.1") else output
        return Response(int(status_line.split()[1]), headers, body)

    def find_difference(self, answer: DocumentedResponse, reply: Response) -> str:
        """Return the difference between a response and the documented response, or an empty string."""
        if reply.status != answer.status:
            return f"{answer.status} is documented, {reply.status} is answered: {reply.body}"
        for name, value in answer.headers.items():
            if not self.placeholders.match(value, reply.headers.get(name.lower(), "")):
                return f"header {name}: {value!r} is documented, {reply.headers.get(name.lower())!r} is answered"
        if is_json(answer.body) and is_json(reply.body):
            return find_difference(parse_answer(answer.body), json.loads(reply.body), self.placeholders)
        if not answer.body and answer.language == "http" and reply.status < 400:
            return ""
        is_same = self.placeholders.match(answer.body.strip(), reply.body.strip())
        return "" if is_same else f"{answer.body!r} is documented, {reply.body!r} is answered"

    def update(self, answer: DocumentedResponse, reply: Response) -> str:
        """Return the updated text of a documented response."""
        if not is_json(answer.body) or not is_json(reply.body):
            return answer.body
        updated = update_answer(parse_answer(answer.body), json.loads(reply.body), self.placeholders)
        return render_answer(updated) + "\n"


def find_differences(runner: PageRunner, page: Path) -> Iterator[str]:
    """Yield the difference of each example of a page that is out of date."""
    for example in read_examples(page):
        reply = runner.run(example)
        difference = runner.find_difference(example.answer, reply) if example.answer and reply else ""
        if reply and not difference and (name := find_operation_id(page, example)):
            actual = read_api_example(runner.placeholders.fill_in(example.command), reply.status, reply.body)
            difference = find_difference(read_api_examples()[name], actual, runner.placeholders.copy())
        if difference:
            yield f"{page.name}: {example.command}\n{difference}\n(python -m tests.docs.update {page.name})"


def update_page(runner: PageRunner, page: Path, api_examples: ApiExamples) -> None:
    """Write the current responses into a page and into the examples of the OpenAPI document.

    A changed status is printed and not written, because the maintainer must decide whether the change is intended.
    """
    text, shift = page.read_text(), 0
    for example in read_examples(page):
        reply = runner.run(example)
        if not example.answer or not reply:
            continue
        if reply.status != example.answer.status:
            print(f"{page.name}: {example.command}\n{reply.status}: {reply.body}")
        updated = runner.update(example.answer, reply)
        text = text[: example.answer.start + shift] + updated + text[example.answer.end + shift :]
        shift += len(updated) - (example.answer.end - example.answer.start)
        if name := find_operation_id(page, example):
            actual = read_api_example(example.command, reply.status, reply.body)
            api_examples[name] = update_api_example(api_examples[name], actual, runner.placeholders.copy())
    page.write_text(text)
