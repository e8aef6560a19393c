from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from dashboards.changelog.pruning import prune_activity
from dashboards_api.parsing import parse_int
from users.management.command_helpers import report_domain_errors

MAX_DAYS = 36_500


def parse_days(text: str) -> int:
    number = parse_int(text)
    if number is None or not 1 <= number <= MAX_DAYS:
        raise ArgumentTypeError(f"{text} is not a number of days from 1 to {MAX_DAYS}")
    return number


class Command(BaseCommand):
    help = "Delete old activities of dashboards and insights. The latest version of each dashboard is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--older-than", type=parse_days, required=True, metavar="DAYS", help="the number of days to keep"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        before = timezone.now() - timedelta(days=options["older_than"])
        with report_domain_errors():
            deleted = prune_activity(before=before)
        self.stdout.write(f"{deleted} activities were deleted.")
