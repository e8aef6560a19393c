"""Django's command line with our commands first, our version, and one line where a command cannot start."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, ManagementUtility, get_commands, load_command_class

from dashboards_api.release import VERSION
from dashboards_api.startup import one_line_errors

OWN = ("dashboards_api", "users", "dashboards")


class CommandLine(ManagementUtility):
    def execute(self) -> None:
        if self.argv[1:] in (["version"], ["--version"]):
            sys.stdout.write(f"{VERSION}\n")
            return
        super().execute()

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return the command, and warn of misspelled settings: here, `--settings` has been read."""
        warn_of_misspelled_settings()
        return super().fetch_command(subcommand)

    def main_help_text(self, commands_only: bool = False) -> str:
        warn_of_misspelled_settings()
        if commands_only:
            return super().main_help_text(commands_only=True)
        own = {name: app for name, app in get_commands().items() if app in OWN}
        lines = [f"  {name:<20} {summary_of(app, name)}" for name, app in sorted(own.items())]
        others = sorted(set(get_commands()) - set(own))
        usage = f"Type '{self.prog_name} help <command>' for what a command takes."
        return "\n".join([usage, "", "Commands of dashboards-api:", *lines, "", "Of Django:", f"  {', '.join(others)}"])


def summary_of(app: Any, name: str) -> str:
    """Return the first sentence of what a command says of itself."""
    return load_command_class(app, name).help.partition(". ")[0].rstrip(".")


def run(argv: list[str]) -> None:
    """Run a command of `manage.py`."""
    with one_line_errors():
        CommandLine(argv).execute()


def warn_of_misspelled_settings() -> None:
    """Name variables of the environment that are probably meant as settings, on standard error."""
    for name, meant in settings.MISSPELLED_SETTINGS:
        sys.stderr.write(f"Warning: {name} is no setting of this service. Do you mean {meant}?\n")
