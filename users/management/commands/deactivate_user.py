from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.users import get_user_by_email, set_active


class Command(BaseCommand):
    help = "Deactivate a user. The next request with their sessions or keys is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true", help="reactivate the user, with the same keys")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            user = set_active(get_user_by_email(options["email"]), active=options["undo"])
        answer = {"id": user.pk, "email": user.email, "is_active": user.is_active}
        done = "Reactivated" if user.is_active else "Deactivated"
        print_result(self.stdout, options["json"], answer, f"{done}: {user.email}.")
