"""The tables of the store. Their columns are the same everywhere; engines and settings depend on the deployment."""

# Most queries read properties, and LZ4 decompresses them in half the time of ZSTD. T64 leaves out the high bits that
# the times of a day have in common.
EVENTS_COLUMNS = """
    project_id Int64,
    uuid UUID,
    event String,
    distinct_id String,
    person_id UUID,
    timestamp DateTime64(6, 'UTC') CODEC(T64, LZ4),
    created_at DateTime64(6, 'UTC') CODEC(T64, LZ4),
    properties String CODEC(LZ4),
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

# An acknowledged insert is on disk. A table with a broken part cannot be opened, because by default ClickHouse would
# continue without the part, and return numbers that are too low.
DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, max_suspicious_broken_parts = 0"

# Inserts are idempotent: a row that is inserted again replaces the earlier row. Events with the same values of this key
# are duplicates; in the other tables, the row with the higher version is kept.
EVENTS_DEDUPLICATION_KEY = "project_id, toDate(timestamp), event, cityHash64(distinct_id), uuid"
# Tables with this prefix are temporary. The next import drops the tables that a killed process has left.
STAGING = "staging_"
_TABLES = {
    "events": (
        EVENTS_COLUMNS,
        f"ReplacingMergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY ({EVENTS_DEDUPLICATION_KEY})",
    ),
    "persons": (PERSONS_COLUMNS, "ReplacingMergeTree(version) ORDER BY (project_id, person_id)"),
    "person_distinct_ids": (
        PERSON_DISTINCT_IDS_COLUMNS,
        "ReplacingMergeTree(version) ORDER BY (project_id, distinct_id)",
    ),
    "store": (STORE_COLUMNS, "MergeTree ORDER BY id"),
}
TABLES = tuple(_TABLES)


def build_create_statements(*, durable: bool) -> list[str]:
    """Return the statements that create the missing tables. `durable` is for the embedded engine, which owns its disk.

    On a server, the operator decides on the storage. The database may be replicated, and the tables may be views or
    distributed tables.
    """
    return [build_create_table(name, columns, engine, durable=durable) for name, (columns, engine) in _TABLES.items()]


def build_create_table(name: str, columns: str, engine: str, *, durable: bool) -> str:
    return f"CREATE TABLE IF NOT EXISTS {name} ({columns.strip()}) ENGINE = {engine}{f' {DURABLE}' if durable else ''}"
