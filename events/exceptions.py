"""The errors of a project's data."""

from engine.errors import EngineUnavailable


class NoData(EngineUnavailable):
    """The error for a store without imported data."""

    code = "no_data"

    def __init__(self) -> None:
        super().__init__("No events have been imported yet. Import events with `manage.py import_events`.")
