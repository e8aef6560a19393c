"""Helpers of management commands: options, the reporting of errors, and output as text or JSON."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, connection

from dashboards_api.errors import DomainError
from dashboards_api.parsing import parse_int
from dashboards_api.startup import EXIT_CODE, is_database_unusable


def add_json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def parse_project_id(text: str) -> int:
    """Parse the id of a project, as the `type` of an argument. Raises ArgumentTypeError."""
    number = parse_int(text)
    if number is None:
        raise argparse.ArgumentTypeError(f"{text} is not the id of a project")
    return number


@contextmanager
def report_domain_errors() -> Iterator[None]:
    """Raise CommandError, which prints no traceback, for a domain or database error in the block."""
    try:
        yield
    except DomainError as error:
        raise CommandError(error.detail) from error
    except IntegrityError as error:
        raise CommandError(
            "Another process changed the same rows at this moment. Check the result and try again."
        ) from error
    except DatabaseError as error:
        if is_database_unusable(error):
            raise
        place = f"DATA_DIR is {settings.DATA_DIR}" if connection.vendor == "sqlite" else "DATABASE_URL is set"
        raise CommandError(
            f"{' '.join(str(error).split())}. Is this the database of the service ({place})? A new one is created by"
            " `manage.py serve` or `manage.py migrate`.",
            returncode=EXIT_CODE,
        ) from error


def print_result(out: Any, as_json: bool, answer: dict[str, Any], text: str) -> None:
    """Write `answer` as one line of JSON, or `text`."""
    stream: TextIO = out
    stream.write(json.dumps(answer, default=str) if as_json else text)
