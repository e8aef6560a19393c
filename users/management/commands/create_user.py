import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.users import create_user


class Command(BaseCommand):
    help = "Create a user. Without a password they cannot sign in, but can have API keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="", help="first and last name")
        passwords = parser.add_mutually_exclusive_group()
        passwords.add_argument("--password", help="visible in the process list: prefer --password-stdin")
        passwords.add_argument(
            "--password-stdin", action="store_true", help="read the password from the first line of stdin"
        )
        parser.add_argument("--staff", action="store_true", help="allow the user to change global templates")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else options["password"]
        first_name, _, last_name = options["name"].strip().partition(" ")
        with report_domain_errors():
            user = create_user(
                options["email"],
                first_name=first_name,
                last_name=last_name.strip(),
                password=password,
                is_staff=options["staff"],
                is_email_verified=True,
            )
        answer = {"id": user.pk, "uuid": user.uuid, "email": user.email}
        print_result(self.stdout, options["json"], answer, f"Created user {user.pk}, {user.email}.")
