from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.arguments import add_json_option, domain_errors, show
from users.services.setup import setup_link
from users.services.users import user_named


class Command(BaseCommand):
    help = "Print a link with which a user chooses a new password: once, within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            user = user_named(options["email"])
        link = setup_link(user, "http://127.0.0.1:8000")
        show(self.stdout, options["json"], {"link": link}, f"For {user.email}, once, within 24 hours:\n{link}")
