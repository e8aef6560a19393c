from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.users import get_user_by_email, set_active


class Command(BaseCommand):
    help = "Lock a user out: sessions and keys are refused from the next request on. Nothing is deleted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--undo", action="store_true", help="let them in again, with the keys they had")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            user = set_active(get_user_by_email(options["email"]), active=options["undo"])
        answer = {"id": user.pk, "email": user.email, "is_active": user.is_active}
        done = "Let in again" if user.is_active else "Locked out"
        print_result(self.stdout, options["json"], answer, f"{done}: {user.email}.")
