"""The stored state, read from the database directly.

The state is compared with the acknowledged writes, and must not contain partial writes.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg

Rows = list[tuple[Any, ...]]
Tiles = tuple[tuple[str, str | None], ...]

TILES = """
    SELECT t.dashboard_id, x.body, b.url, i.name, t.color FROM dashboards_tile AS t
    LEFT JOIN dashboards_text AS x ON x.id = t.text_id
    LEFT JOIN dashboards_button AS b ON b.id = t.button_id
    LEFT JOIN dashboards_insight AS i ON i.id = t.insight_id
    WHERE NOT t.deleted
    """
TAGS = "SELECT l.dashboard_id, t.name FROM dashboards_dashboardtag AS l JOIN dashboards_tag AS t ON t.id = l.tag_id"
REVISIONS = "SELECT object_id, number FROM dashboards_revision WHERE kind = 1"

# Queries for inconsistencies, which must return no rows.
HALVES = {
    "a dashboard without exactly one sharing row": """
        SELECT d.id, count(s.id) FROM dashboards_dashboard AS d
        LEFT JOIN dashboards_sharingconfiguration AS s ON s.dashboard_id = d.id GROUP BY d.id HAVING count(s.id) <> 1
        """,
    "a tile without its dashboard or its content": """
        SELECT t.id FROM dashboards_tile AS t
        LEFT JOIN dashboards_dashboard AS d ON d.id = t.dashboard_id
        LEFT JOIN dashboards_text AS x ON x.id = t.text_id
        LEFT JOIN dashboards_button AS b ON b.id = t.button_id
        LEFT JOIN dashboards_insight AS i ON i.id = t.insight_id
        WHERE d.id IS NULL OR (x.id IS NULL AND b.id IS NULL AND i.id IS NULL)
        """,
    "content without a tile": """
        SELECT x.id FROM dashboards_text AS x LEFT JOIN dashboards_tile AS t ON t.text_id = x.id WHERE t.id IS NULL
        """,
    "a deleted dashboard with tiles, or a dashboard whose tiles are deleted": """
        SELECT d.id FROM dashboards_dashboard AS d JOIN dashboards_tile AS t ON t.dashboard_id = d.id
        WHERE d.deleted <> t.deleted
        """,
    "a dashboard without a version": """
        SELECT d.id FROM dashboards_dashboard AS d
        LEFT JOIN dashboards_activity AS a ON a.scope = 'Dashboard' AND a.item_id = d.id AND a.version IS NOT NULL
        WHERE a.id IS NULL
        """,
    "a list whose kept count is wrong": """
        SELECT p.id, r.live, count(d.id) FROM users_project AS p
        LEFT JOIN dashboards_revision AS r ON r.kind = 0 AND r.object_id = p.id
        LEFT JOIN dashboards_dashboard AS d ON d.project_id = p.id AND NOT d.deleted AND d.creation_mode <> 'unlisted'
        GROUP BY p.id, r.live HAVING coalesce(r.live, 0) <> count(d.id)
        """,
}


class State(NamedTuple):
    """The compared fields of a dashboard. `tiles` are the contents and colors of its tiles, sorted."""

    name: str
    description: str
    deleted: bool
    tags: tuple[str, ...]
    tiles: Tiles


class Stored(NamedTuple):
    """All dashboards by id, the number of their changes, and inconsistencies of the database."""

    states: dict[int, State]
    revisions: dict[int, int]
    wrong: list[str]


def sort_tiles(tiles: Iterable[tuple[str, str | None]]) -> Tiles:
    return tuple(sorted(tiles, key=lambda tile: (tile[0], tile[1] or "")))


def read_state(database_url: str) -> Stored:
    """Return the stored state, read in one snapshot."""
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=30, isolation_level=None) as lite:
            lite.execute("BEGIN")
            found = _read(lite)
            broken = [str(row[0]) for row in lite.execute("PRAGMA integrity_check") if row[0] != "ok"]
            broken += [f"foreign key: {row}" for row in lite.execute("PRAGMA foreign_key_check")]
        lite.close()
        return found._replace(wrong=found.wrong + broken)
    with psycopg.connect(database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return _read(connection)


def _read(connection: Any) -> Stored:
    def rows(sql: str) -> Rows:
        return list(connection.execute(sql).fetchall())

    tiles, tags = defaultdict[int, list[Any]](list), defaultdict[int, list[str]](list)
    for dashboard, body, url, name, color in rows(TILES):
        tiles[dashboard].append((body or url or name, color))
    for dashboard, tag in rows(TAGS):
        tags[dashboard].append(tag)
    states = {
        id_: State(name, description, bool(deleted), tuple(sorted(tags[id_])), sort_tiles(tiles[id_]))
        for id_, name, description, deleted in rows("SELECT id, name, description, deleted FROM dashboards_dashboard")
    }
    wrong = [f"{what}: {found[:3]}" for what, sql in HALVES.items() if (found := rows(sql))]
    wrong += [
        f"the tag names of dashboard {id_}: {tag_names}"
        for id_, tag_names in rows("SELECT id, tag_names FROM dashboards_dashboard")
        if tuple(json.loads(tag_names)) != states[id_].tags
    ]
    return Stored(states, dict(rows(REVISIONS)), wrong)
