from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.api_keys import roll_api_key


class Command(BaseCommand):
    help = "Replace the value of a personal API key. The old value is refused at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the key's id, not its value")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            rolled = roll_api_key(options["id"])
        answer = {"id": rolled.key.pk, "value": rolled.value}
        print_result(
            self.stdout, options["json"], answer, f"Rolled key {rolled.key.pk}. Its new value:\n{rolled.value}"
        )
