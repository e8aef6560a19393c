from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from users.management.command_helpers import add_json_option, print_result, report_domain_errors
from users.models import WeekStartDay
from users.services.projects import create_project

WEEK_STARTS = {day.name.lower(): day for day in WeekStartDay}


class Command(BaseCommand):
    help = "Create a project and, unless it exists, its organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--organization", metavar="NAME", help="default: the name of the project")
        parser.add_argument("--timezone", metavar="ZONE", default="UTC", help="such as Europe/Berlin; default: UTC")
        parser.add_argument("--week-start", choices=WEEK_STARTS, default="sunday", help="default: sunday")
        parser.add_argument("--admin", action="append", default=[], metavar="EMAIL", help="repeatable")
        parser.add_argument("--member", action="append", default=[], metavar="EMAIL", help="repeatable")
        add_json_option(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors():
            project = create_project(
                options["name"],
                organization_name=options["organization"] or options["name"],
                settings={"timezone": options["timezone"], "week_start_day": WEEK_STARTS[options["week_start"]]},
                admins=options["admin"],
                members=options["member"],
            )
        for member in project.memberships.select_related("user").order_by("pk"):
            if member.user.is_email_verified is False:
                self.stderr.write(
                    f"Note: an invitation created the account {member.user.email}. Its e-mail address is not verified."
                )
        answer = {
            "id": project.pk,
            "name": project.name,
            "organization": project.organization_id,
            "timezone": project.timezone,
            "week_start_day": project.week_start_day,
        }
        print_result(self.stdout, options["json"], answer, f"Created project {project.pk}, {project.name}.")
