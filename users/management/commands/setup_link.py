from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from dashboards_api.addresses import load_address
from dashboards_api.environment import parse_public_url
from dashboards_api.environment_reader import SettingError
from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.services.setup import create_setup_link
from users.services.users import get_user_by_email


class Command(BaseCommand):
    help = "Print a link with which a user can choose a new password. The link works once, within 24 hours."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--base", metavar="URL", help="the base URL of the link, instead of PUBLIC_URL or the URL of `serve`"
        )
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        base = self.parse_base(options["base"])
        with report_domain_errors():
            user = get_user_by_email(options["email"])
        link = create_setup_link(user, base or load_address(), is_chosen=bool(base))
        print_result(
            self.stdout, options["json"], {"link": link}, f"Link for {user.email} (once, within 24 hours):\n{link}"
        )

    @staticmethod
    def parse_base(text: str | None) -> str:
        try:
            return parse_public_url(text or "")
        except ValueError as error:
            raise SettingError("--base", error) from error
