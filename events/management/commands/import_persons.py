from events.management.import_command import ImportCommand
from events.services.rows import PERSONS


class Command(ImportCommand):
    help = (
        "Import persons and their distinct ids from files into a project. An existing person is replaced. Unless"
        " --skip-bad is given, a file with a bad row is not imported at all."
    )
    kind = PERSONS
