from events.management.import_command import ImportCommand
from events.services.rows import EVENTS


class Command(ImportCommand):
    help = (
        "Import events from files into a project. Importing a file again changes nothing. Unless --skip-bad is given,"
        " a file with a bad row is not imported at all."
    )
    kind = EVENTS
