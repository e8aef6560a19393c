import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.management.import_command import describe_count, get_project, report_interruption
from events.services.deletion import NOUNS, ProjectData, count_data, delete_data
from events.services.staging import import_lock
from events.services.store import open_store
from queries.services.pruning import delete_results
from users.management.command_helpers import parse_project_id, report_domain_errors

INTERRUPTION = "Interrupted. Some data may have been deleted. Run the command again to complete the deletion."


class Command(BaseCommand):
    help = (
        "Delete all events, persons and imported tables of a project, and the results that were computed from them."
        " The command asks for confirmation unless --yes is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", required=True, type=parse_project_id, metavar="ID")
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")

    def handle(self, *args: Any, **options: Any) -> None:
        with report_domain_errors(), report_interruption(INTERRUPTION), import_lock(self.report_wait):
            project = get_project(options["project"])
            client = open_store()
            data = count_data(client, project.pk)
            name = f"project {project.pk}, {project.name}"
            if not options["yes"]:
                self.ask(f"Delete {describe_data(data)} of {name}?")
            delete_data(client, project.pk)
            delete_results(project.pk)
        self.stdout.write(f"Deleted {describe_data(data)} of {name}, and the definitions of events and properties.")

    def ask(self, question: str) -> None:
        """Ask for confirmation. Raises CommandError unless the user types `yes` at a terminal."""
        if not sys.stdin.isatty():
            raise CommandError(f"{question} Nothing was deleted, because a terminal is required. Use --yes.")
        if input(f"{question} Type yes: ").strip() != "yes":
            raise CommandError("Nothing was deleted.")

    def report_wait(self) -> None:
        self.stderr.write("An import is running. Waiting until it ends.")


def describe_data(data: ProjectData) -> str:
    rows = [describe_count(number, NOUNS[table]) for table, number in data.rows.items()]
    names = f" ({', '.join(data.tables)})" if data.tables else ""
    return f"{', '.join(rows)} and {describe_count(len(data.tables), 'imported table')}{names}"
