"""Materialized columns: properties of events that the store also keeps as columns of their own.

A query that reads such a property need not parse the JSON of each event. For parts of the table that were written
before the column was added, ClickHouse computes the values on reading, so that results never depend on these columns.
"""

from collections.abc import Iterable, Mapping

from dashboards_api.errors import ValidationFailed
from engine.interface import EngineClient
from engine.parameters import quote_identifier, quote_text

EVENTS = "events"
COLUMN_PREFIX = "mat_"
MATERIALIZED_COLUMNS_MAX = 30
# Statements quote the name of a column without escaping it, and `{` begins a parameter.
_FORBIDDEN_CHARACTERS = "`\\{}"
NAME_LENGTH_MAX = 200


def read_materialized_columns(client: EngineClient) -> dict[str, str]:
    """Return the materialized columns by the name of their property, in the order of the table. Raises EngineError."""
    found = client.read(
        "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String}"
        " AND default_kind = 'MATERIALIZED' AND startsWith(name, {prefix:String}) ORDER BY position",
        {"table": EVENTS, "prefix": COLUMN_PREFIX},
    )
    return {name.removeprefix(COLUMN_PREFIX): name for [name] in found.rows}


def measure_materialized_columns(client: EngineClient) -> dict[str, int]:
    """Return the size of the materialized columns on the disk in bytes, by property. Raises EngineError."""
    columns = read_materialized_columns(client)
    found = client.read(
        "SELECT name, data_compressed_bytes FROM system.columns WHERE database = currentDatabase()"
        " AND table = {table:String}",
        {"table": EVENTS},
    )
    sizes: Mapping[str, int] = dict(found.rows)
    return {name: sizes[column] for name, column in columns.items()}


def add_materialized_columns(client: EngineClient, names: Iterable[str]) -> None:
    """Store properties as columns, also for existing events. Existing columns are not changed.

    The function returns when all events have their values. After an interruption, call it again to complete the
    columns. Raises ValidationFailed and EngineError.
    """
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        check_property_name(name)
    existing = read_materialized_columns(client)
    if len({*existing, *wanted}) > MATERIALIZED_COLUMNS_MAX:
        raise ValidationFailed(
            f"A store has at most {MATERIALIZED_COLUMNS_MAX} materialized columns: each takes time in every import."
        )
    _alter(client, [f"ADD COLUMN IF NOT EXISTS {build_column(name)}" for name in wanted])
    _alter(client, [f"MATERIALIZE COLUMN {quote_column(name)}" for name in wanted])


def drop_materialized_columns(client: EngineClient, names: Iterable[str]) -> None:
    """Drop the columns of properties. Their values remain in the JSON. Raises ValidationFailed and EngineError."""
    wanted, existing = list(dict.fromkeys(names)), read_materialized_columns(client)
    if missing := [name for name in wanted if name not in existing]:
        raise ValidationFailed(f"{', '.join(missing)}: there is no materialized column of this name.")
    _alter(client, [f"DROP COLUMN IF EXISTS {quote_column(name)}" for name in wanted])


def check_property_name(name: str) -> None:
    """Raise ValidationFailed for a name that a statement could not quote."""
    is_printable = name.isprintable() and not any(character in name for character in _FORBIDDEN_CHARACTERS)
    if not name or not is_printable or len(name) > NAME_LENGTH_MAX:
        raise ValidationFailed(
            f"{name!r} cannot become a column: its name has to be printable, without {' '.join(_FORBIDDEN_CHARACTERS)},"
            f" of at most {NAME_LENGTH_MAX} characters."
        )


def build_column(name: str) -> str:
    """Return the definition of a column, with the expression that statements print for the property."""
    text = f"JSONExtract(properties, {quote_text(name)}, 'Nullable(String)')"
    return f"{quote_column(name)} Nullable(String) MATERIALIZED {text} CODEC(LZ4)"


def quote_column(name: str) -> str:
    return quote_identifier(f"{COLUMN_PREFIX}{name}")


def _alter(client: EngineClient, changes: list[str]) -> None:
    # Without mutations_sync, the statement returns before the existing events have their values.
    client.execute(f"ALTER TABLE {EVENTS} {', '.join(changes)} SETTINGS mutations_sync = 2, alter_sync = 2")
