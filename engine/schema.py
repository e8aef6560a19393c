"""The tables of the store. Their columns are the same everywhere; what follows the engine's name depends on where."""

EVENTS_COLUMNS = """
    project_id Int64,
    uuid UUID,
    event String,
    distinct_id String,
    person_id UUID,
    timestamp DateTime64(6, 'UTC'),
    created_at DateTime64(6, 'UTC'),
    properties String CODEC(ZSTD(1)),
    person_properties String CODEC(ZSTD(1))
"""
PERSONS_COLUMNS = """
    project_id Int64,
    person_id UUID,
    properties String CODEC(ZSTD(1)),
    created_at DateTime64(6, 'UTC'),
    version UInt64
"""
PERSON_DISTINCT_IDS_COLUMNS = """
    project_id Int64,
    distinct_id String,
    person_id UUID,
    version UInt64
"""
STORE_COLUMNS = "id UUID, created_at DateTime64(6, 'UTC')"

# An acknowledged insert is on the disk. A table with a broken part refuses to open, where ClickHouse would go on
# without the part: numbers of which some are missing are worse than none.
DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, max_suspicious_broken_parts = 0"

# A row that is inserted again replaces the first one: in events, one with the same project, day, event, distinct id
# and uuid; in the others, the row with the higher version counts.
_TABLES = {
    "events": (
        EVENTS_COLUMNS,
        "ReplacingMergeTree PARTITION BY toYYYYMM(timestamp)"
        " ORDER BY (project_id, toDate(timestamp), event, cityHash64(distinct_id), uuid)",
    ),
    "persons": (PERSONS_COLUMNS, "ReplacingMergeTree(version) ORDER BY (project_id, person_id)"),
    "person_distinct_ids": (
        PERSON_DISTINCT_IDS_COLUMNS,
        "ReplacingMergeTree(version) ORDER BY (project_id, distinct_id)",
    ),
    "store": (STORE_COLUMNS, "MergeTree ORDER BY id"),
}
TABLES = tuple(_TABLES)


def build_statements(*, durable: bool) -> list[str]:
    """Return the statements that create the missing tables. `durable` is for a disk that is ours.

    A server decides itself how it stores: its database may be replicated, or its tables may exist already as views
    or as distributed tables of an operator.
    """
    return [build_table(name, columns, engine, durable=durable) for name, (columns, engine) in _TABLES.items()]


def build_table(name: str, columns: str, engine: str, *, durable: bool) -> str:
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns.strip()}) ENGINE = {engine}{f' {DURABLE}' if durable else ''}"
