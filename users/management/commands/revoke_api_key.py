from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.api_keys import revoke_api_key


class Command(BaseCommand):
    help = "Delete a personal API key. The next request with the key is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the key's id, not its value")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            revoke_api_key(options["id"])
        print_result(
            self.stdout, options["json"], {"id": options["id"], "revoked": True}, f"Revoked key {options['id']}."
        )
