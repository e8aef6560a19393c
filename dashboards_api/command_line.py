"""Django's command line, with our commands first in the help, our version, and start errors in one line."""

import sys
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, ManagementUtility, get_commands, load_command_class

from dashboards_api.choices import find_closest_match
from dashboards_api.environment_reader import StartError
from dashboards_api.release import VERSION
from dashboards_api.startup import report_start_errors

OWN = ("dashboards_api", "users", "engine", "events", "queries", "dashboards")


class CommandLine(ManagementUtility):
    def execute(self) -> None:
        if self.argv[1:] in (["version"], ["--version"]):
            sys.stdout.write(f"{VERSION}\n")
            return
        super().execute()

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """Return the command, and check the settings. Django has already parsed `--settings`.

        Raises StartError for an unknown command, and for invalid options and arguments of the command.
        """
        self.check_settings()
        if subcommand not in get_commands():
            nearest = find_closest_match(subcommand, get_commands())
            guess = f" Did you mean {nearest}?" if nearest else ""
            raise StartError(f"Unknown command: {subcommand}.{guess} See `{self.prog_name} help`.")
        command = super().fetch_command(subcommand)
        if self.argv[1] == subcommand:
            if get_commands()[subcommand] in OWN and subcommand != "migrate":
                # System checks load all views, which takes longer than most commands. `make lint` runs the checks.
                self.argv.insert(2, "--skip-checks")
            self.check_arguments(command)
        return command

    def check_settings(self) -> None:
        """Print a warning for each unknown setting. Raises StartError if the settings cannot be imported."""
        if isinstance(self.settings_exception, ImportError):
            raise StartError(f"The module of --settings cannot be imported: {self.settings_exception}.")
        warn_of_unknown_settings()

    def check_arguments(self, command: BaseCommand) -> None:
        """Raise StartError for an invalid command line. Django's own parser would also print the usage."""
        name = self.argv[1]
        try:
            command.create_parser(self.prog_name, name).parse_args(self.argv[2:])
        except CommandError as error:
            reason = str(error).removeprefix("Error: ")
            raise StartError(f"{name}: {reason}. See `{self.prog_name} help {name}`.") from error

    def main_help_text(self, commands_only: bool = False) -> str:
        self.check_settings()
        if commands_only:
            return super().main_help_text(commands_only=True)
        own = {name: app for name, app in get_commands().items() if app in OWN}
        lines = [f"  {name:<20} {get_summary(app, name)}" for name, app in sorted(own.items())]
        others = sorted(set(get_commands()) - set(own))
        usage = f"Type '{self.prog_name} help <command>' for the options and arguments of a command."
        return "\n".join(
            [usage, "", "Commands of dashboards-api:", *lines, "", "Commands of Django:", f"  {', '.join(others)}"]
        )


def get_summary(app: Any, name: str) -> str:
    """Return the first sentence of the help of a command."""
    return load_command_class(app, name).help.partition(". ")[0].rstrip(".")


def run(argv: list[str]) -> None:
    """Run a command of `manage.py`."""
    with report_start_errors():
        CommandLine(argv).execute()


def warn_of_unknown_settings() -> None:
    """Print a warning for each environment variable that is a removed or a misspelled setting."""
    for name in getattr(settings, "REMOVED_SETTINGS", ()):  # missing in other settings modules
        sys.stderr.write(f"Warning: {name} is no longer supported and has no effect. See CHANGELOG.md.\n")
    for name, meant in getattr(settings, "MISSPELLED_SETTINGS", ()):
        sys.stderr.write(f"Warning: {name} is not a setting of this service. Did you mean {meant}?\n")
