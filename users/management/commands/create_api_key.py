from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, parse_project_id, print_result, report_domain_errors
from users.services.api_keys import create_api_key, get_expiry
from users.services.users import get_user_by_email


class Command(BaseCommand):
    help = "Create a personal API key for a user. The secret of the key is printed once and is not stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--label", required=True, help="at most 40 characters")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            metavar="SCOPE",
            help="such as `dashboard:read`, or * for all; repeatable",
        )
        parser.add_argument(
            "--project",
            action="append",
            default=[],
            type=parse_project_id,
            metavar="ID",
            help="allow the key only in this project; repeatable",
        )
        parser.add_argument("--expires-in", type=int, metavar="DAYS")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            new_key = create_api_key(
                get_user_by_email(options["email"]),
                label=options["label"],
                scopes=options["scope"],
                project_ids=options["project"],
                expires_at=None if options["expires_in"] is None else get_expiry(options["expires_in"]),
            )
        answer = {
            "id": new_key.key.pk,
            "value": new_key.value,
            "label": new_key.key.label,
            "scopes": new_key.key.scopes,
            "expires_at": new_key.key.expires_at,
        }
        print_result(
            self.stdout,
            options["json"],
            answer,
            f"Created key {new_key.key.pk}. Its value, shown only now:\n{new_key.value}",
        )
