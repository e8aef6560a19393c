"""A full disk and damaged files cause a clear error, and never a result with missing rows."""

import contextlib
import os
import resource
import secrets
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from engine.embedded_client import EmbeddedClient
from engine.errors import DiskFull, EngineError, EngineUnavailable, StoreDamaged
from engine.files import STORE
from engine.interface import make_query_id
from engine.materialized_columns import add_materialized_columns, drop_materialized_columns, read_materialized_columns
from engine.schema import build_create_statements
from engine.supervision import stop_supervisor
from tests.engine.conftest import get_pid, wait_until
from tests.engine.test_store import EVENTS, make_event

# A thousand copies of each event, which is more data than any file size limit here.
COPY_MANY = (
    "INSERT INTO events SELECT events.* REPLACE (generateUUIDv4(n.number) AS uuid, hex(randomString(9)) AS properties)"
    " FROM events, numbers(1000) AS n"
)


def fill(client: EmbeddedClient, rows: int) -> None:
    for statement in build_create_statements(durable=True):
        client.execute(statement)
    client.insert_rows("events", EVENTS, [make_event(number) for number in range(rows)])


def count_events(client: EmbeddedClient) -> object:
    return client.read("SELECT count() FROM events").rows[0][0]


def limit_files(pid: int, size: int) -> None:
    """Limit the size of the files that a process writes. Larger writes fail as on a full disk."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("size", [0, 4096])
def test_full_disk_refuses_writes_keeps_reads_and_recovers(own: EmbeddedClient, size: int) -> None:
    fill(own, 100)
    pid = get_pid(own.folder)
    rows = [make_event(number, properties=secrets.token_hex(100)) for number in range(100, 20_000)]
    limit_files(pid, size)
    with pytest.raises(DiskFull, match="The disk of the engine is full"):
        own.insert_rows("events", EVENTS, rows)
    with pytest.raises(DiskFull, match="The disk of the engine is full"):
        own.execute(COPY_MANY)
    assert count_events(own) == 100
    assert get_pid(own.folder) == pid
    limit_files(pid, resource.RLIM_INFINITY)
    own.insert_rows("events", EVENTS, [make_event(100)])
    assert count_events(own) == 101


@pytest.mark.parametrize(
    "statement",
    [
        "OPTIMIZE TABLE events FINAL",
        "ALTER TABLE events DELETE WHERE distinct_id = 'user1' SETTINGS mutations_sync = 2",
    ],
)
def test_full_disk_keeps_the_rows_that_a_merge_or_a_deletion_rewrites(own: EmbeddedClient, statement: str) -> None:
    fill(own, 3_000)
    for number in range(1, 4):
        rows = [make_event(3_000 * number + each, properties=secrets.token_hex(20)) for each in range(3_000)]
        own.insert_rows("events", EVENTS, rows)
    limit_files(get_pid(own.folder), 4096)  # the engine is started again without a limit
    with pytest.raises(EngineUnavailable, match="The engine exited during a write"):
        own.execute(statement)
    others = "SELECT count() FROM events WHERE distinct_id != 'user1'"
    kept = sum(number % 7 != 1 for number in range(12_000))
    assert own.read(others).rows == [[kept]]
    own.insert_rows("events", EVENTS, [make_event(12_000)])
    assert own.read(others).rows == [[kept + 1]]


def test_full_disk_keeps_the_rows_that_a_merge_in_the_background_rewrites(own: EmbeddedClient) -> None:
    fill(own, 300)
    own.execute("SYSTEM STOP MERGES events")
    for number in range(1, 20):
        rows = [make_event(300 * number + each, properties=secrets.token_hex(20)) for each in range(300)]
        own.insert_rows("events", EVENTS, rows)
    limit_files(get_pid(own.folder), 4096)
    own.execute("SYSTEM START MERGES events")
    wait_until(lambda: count_parts(own) < 20, 30)
    limit_files(get_pid(own.folder), resource.RLIM_INFINITY)
    with pytest.raises(EngineUnavailable, match="The engine exited during a write"):
        own.insert_rows("events", EVENTS, [make_event(6_000)])
    own.insert_rows("events", EVENTS, [make_event(6_000)])
    assert count_events(own) == 6_001


@pytest.mark.skipif(not os.environ.get("CHECK_FULL"), reason="ClickHouse removes the files after half a minute")
def test_damaged_merge_without_its_sources_is_an_error_and_no_low_number(own: EmbeddedClient) -> None:
    fill(own, 300)
    own.execute("ALTER TABLE events MODIFY SETTING old_parts_lifetime = 1")
    own.execute("SYSTEM STOP MERGES events")
    for number in range(1, 20):
        own.insert_rows("events", EVENTS, [make_event(300 * number + each) for each in range(300)])
    limit_files(get_pid(own.folder), 4096)
    own.execute("SYSTEM START MERGES events")
    wait_until(lambda: count_parts(own) < 20, 30)
    limit_files(get_pid(own.folder), resource.RLIM_INFINITY)
    wait_until(lambda: not count_parts(own, is_active=0), 60)
    own.insert_rows("events", EVENTS, [make_event(6_000)])
    with pytest.raises(StoreDamaged):
        count_events(own)


def test_cancelled_write_does_not_make_its_parts_look_damaged(own: EmbeddedClient) -> None:
    fill(own, 20_000)
    for number in range(1, 6):
        rows = [make_event(20_000 * number + each, properties=secrets.token_hex(40)) for each in range(20_000)]
        own.insert_rows("events", EVENTS, rows)
    pid, query_id = get_pid(own.folder), make_query_id()

    def merge() -> None:
        with contextlib.suppress(EngineError):
            own.execute("OPTIMIZE TABLE events FINAL", query_id=query_id)

    thread = threading.Thread(target=merge)
    thread.start()
    while thread.is_alive():
        own.cancel(query_id)
    thread.join()
    assert (count_events(own), get_pid(own.folder)) == (120_000, pid)


def count_parts(client: EmbeddedClient, is_active: int = 1) -> int:
    parts = "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'events'"
    return int(client.read(f"{parts} AND active = {{active:UInt8}}", {"active": is_active}).rows[0][0])


def test_full_disk_keeps_the_events_when_columns_change(own: EmbeddedClient) -> None:
    fill(own, 5_000)
    add_materialized_columns(own, ["first"])
    pid = get_pid(own.folder)
    limit_files(pid, 4096)
    with pytest.raises(DiskFull):
        add_materialized_columns(own, ["second"])
    with pytest.raises(DiskFull):
        drop_materialized_columns(own, ["first"])
    limit_files(pid, resource.RLIM_INFINITY)
    assert count_events(own) == 5_000
    assert read_materialized_columns(own) == {"first": "mat_first"}


def test_disk_with_little_space_takes_nothing_and_answers(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", str(folder)]
    if subprocess.run(mount).returncode != 0:
        pytest.skip("only root can mount a small disk, and not everywhere")
    client = EmbeddedClient(folder / "engine")
    try:
        fill(client, 10)
        (folder / "other").write_bytes(bytes(30_000_000))
        with pytest.raises(DiskFull):
            client.insert_rows("events", EVENTS, [make_event(number) for number in range(10, 20)])
        assert count_events(client) == 10
        (folder / "other").unlink()
        client.insert_rows("events", EVENTS, [make_event(number) for number in range(10, 20)])
        assert count_events(client) == 20
    finally:
        stop_supervisor(client.folder)
        subprocess.run(["umount", folder], check=True)


def find_parts(client: EmbeddedClient) -> list[Path]:
    sql = "SELECT path FROM system.parts WHERE table = 'events' AND active"
    return [Path(path) for [path] in client.read(sql).rows]


def test_changed_data_of_a_part_is_noticed(own: EmbeddedClient) -> None:
    fill(own, 2000)
    [part] = find_parts(own)
    data = next(path for path in part.iterdir() if path.name in ("data.bin", "properties.bin"))
    content = bytearray(data.read_bytes())
    for index in range(100, len(content), 64):
        content[index] ^= 0xFF
    data.write_bytes(content)
    os.kill(get_pid(own.folder), signal.SIGKILL)  # the engine may hold the old data in memory
    with pytest.raises(StoreDamaged, match="The store of the engine is damaged"):
        own.read("SELECT sum(length(properties)), sum(cityHash64(*)) FROM events")


@pytest.mark.parametrize("damage", ["columns.txt", "part"])
def test_part_that_cannot_be_opened_is_not_left_out(own: EmbeddedClient, damage: str) -> None:
    fill(own, 10)
    own.insert_rows("events", EVENTS, [make_event(number) for number in range(10, 20)])
    part = find_parts(own)[0]
    os.kill(get_pid(own.folder), signal.SIGKILL)
    for path in part.iterdir():
        if damage == "part" or path.name == damage:
            path.write_bytes(b"broken")
    with pytest.raises(StoreDamaged, match=r"does not start because its store is damaged.*events"):
        count_events(own)


def test_table_whose_definition_is_damaged_says_so(own: EmbeddedClient) -> None:
    fill(own, 1)
    os.kill(get_pid(own.folder), signal.SIGKILL)
    next((own.folder / STORE).rglob("events.sql")).write_text("ATTACH nonsense")
    with pytest.raises(EngineUnavailable, match=r"does not start.*events\.sql"):
        own.read("SELECT count() FROM events")
