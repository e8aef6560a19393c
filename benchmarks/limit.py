"""The bare limit: a WSGI application without a framework, on the same tables, for `granian benchmarks.limit:app`.

The application serves the list and one dashboard of the filled database with a few prepared statements for flat rows.
The application does not read content that this database lacks (texts, buttons, project-scoped keys, filters). The
number of dashboards of a project is cached instead of stored in a table, because no dashboard is created during a
measurement.
"""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson

from benchmarks.limit_rows import is_sqlite, parse_time, rows

Row = dict[str, Any]
Environ = dict[str, Any]

CALLER = """(select m.id, m.level, m.user_id from users_personalapikey k
 join users_user a on a.id = k.user_id join users_membership m on m.user_id = a.id
 where k.secret_hash = %(hash)s and (k.expires_at is null or k.expires_at > current_timestamp)
 and a.is_active and m.project_id = %(project)s)"""
USER = "{0}.id, {0}.uuid, {0}.distinct_id, {0}.first_name, {0}.last_name, {0}.email, {0}.is_email_verified"
COLLABORATES = """exists (select 1 from dashboards_collaborator c
 where c.dashboard_id = {0}.id and c.membership_id = m.id and c.level >= 37)"""
BASIC = f"""m.level, m.user_id, {COLLABORATES.format("d")}, d.created_by_id,
 d.id, d.name, d.description, d.folder, d.pinned, d.created_at, d.deleted, d.creation_mode, d.restriction_level,
 d.last_accessed_at, d.tag_names, s.enabled, {USER.format("u")}"""
JOINED = f"""d left join users_user u on u.id = d.created_by_id
 join dashboards_sharingconfiguration s on s.dashboard_id = d.id cross join {CALLER} m"""
# Identical to the condition of the partial index, because SQLite does not recognize equivalent conditions.
LIVE = "project_id = %(project)s and not deleted and not creation_mode = 'unlisted'"
COUNT = f"select count(*) from dashboards_dashboard where {LIVE}"
LIST = f"""select {BASIC} from (select * from dashboards_dashboard where {LIVE}
 order by pinned desc, name_key, id limit {{limit:d}} offset {{offset:d}}) {JOINED}
 order by d.pinned desc, d.name_key, d.id"""
ONE = f"""select d.use_template, d.use_dashboard, d.delete_insights, d.filters, d.variables, d.breakdown_colors,
 d.data_color_theme_id, d.grid_spacing, d.layout_compaction, {BASIC} from (select * from dashboards_dashboard
 where id = %(id)s and project_id = %(project)s and not deleted) {JOINED}"""
TILES = f"""select t.id, t.layouts, t.color, t.filters_overrides, t.show_description, t.transparent_background,
 i.id, i.short_id, i.name, i.derived_name, i.description, i."order", i.folder, i.create_in_folder,
 i.deleted, i.saved, i.favorited, i.is_sample,
 i.created_at, i.updated_at, i.last_modified_at, i.query, i.filters, i.tag_names, i.created_by_id, {USER.format("u")},
 {USER.format("e")}
 from dashboards_tile t join dashboards_insight i on i.id = t.insight_id
 left join users_user u on u.id = i.created_by_id left join users_user e on e.id = i.last_modified_by_id
 where t.dashboard_id = %(id)s and not t.deleted and not i.deleted order by t.sort_y, t.sort_x, t.id"""
SHOWN = "dashboards_tile t join {} on x.insight_id = t.insight_id and t.dashboard_id = %(id)s and not t.deleted"
PLACES = f"""select x.insight_id, x.id, b.id, b.restriction_level, b.created_by_id, {COLLABORATES.format("b")}
 from {SHOWN.format("dashboards_tile x")} join dashboards_dashboard b on b.id = x.dashboard_id cross join {CALLER} m
 where not x.deleted order by x.id"""

CONSTANT: Row = {
    **dict.fromkeys(("result", "columns", "types", "hasMore", "hogql", "timezone", "query_status", "last_refresh")),
    **dict.fromkeys(("cache_target_age", "next_allowed_client_refresh", "filters_hash", "resolved_date_range")),
    "result_state": "not_computed",
    "is_cached": False,
    "alerts": [],
    "last_viewed_at": None,
}
USER_KEYS = ("id", "uuid", "distinct_id", "first_name", "last_name", "email", "is_email_verified")
INSIGHT_KEYS = ("id", "short_id", "name", "derived_name", "description", "order", "folder", "_create_in_folder")
INSIGHT_FLAGS = ("deleted", "saved", "favorited", "is_sample")
raw = orjson.Fragment
counts: dict[int, int] = {}


def build_user(columns: Iterable[Any]) -> Row | None:
    found = dict(zip(USER_KEYS, columns, strict=True))
    if found["id"] is None:
        return None
    if is_sqlite:
        plain = found["uuid"]
        found["uuid"] = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
        found["is_email_verified"] = bool(found["is_email_verified"])
    return {**found, "hedgehog_config": None, "role_at_organization": None}


def get_levels(level: int, viewer_id: int, created_by_id: int, strictest: int, is_collaborator: Any) -> Row:
    manages = level >= 8 or viewer_id == created_by_id
    edits = strictest == 21 or manages or is_collaborator
    return {
        "effective_restriction_level": strictest,
        "effective_privilege_level": 37 if edits else 21,
        "user_access_level": "manager" if manages else "editor" if edits else "viewer",
    }


def build_basic(row: Any, project: int) -> Row:
    level, viewer_id, collaborates, created_by_id, id_, name, text, folder, pinned, at, gone, mode, *more = row
    restriction, seen, tags, shared, *creator = more
    return {
        "id": id_,
        "name": name,
        "description": text,
        "folder": folder,
        "pinned": bool(pinned),
        "created_at": parse_time(at),
        "created_by": build_user(creator),
        "is_shared": bool(shared),
        "deleted": bool(gone),
        "creation_mode": mode,
        "tags": raw(tags),
        "restriction_level": restriction,
        **get_levels(level, viewer_id, created_by_id, restriction, collaborates),
        "access_control_version": "v1" if restriction == 37 else "v2",
        "last_accessed_at": parse_time(seen),
        "last_viewed_at": None,
        "last_refresh": None,
        "team_id": project,
    }


def group_rows(found: Iterable[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for key, *values in found:
        groups.setdefault(key, []).append(values)
    return groups


def build_tile(order: int, row: Any, places: dict[int, list[Any]], viewer: Any) -> Row:
    id_, layouts, color, overrides, described, transparent, *insight = row
    named, flags, times = insight[:8], insight[8:12], insight[12:15]
    query, filters, tags, created_by_id, *people = insight[15:]
    around = places.get(named[0], [])
    strictest, collaborates = max((each[2] for each in around), default=21), any(each[4] for each in around)
    shown = {
        **dict(zip(INSIGHT_KEYS, named, strict=True)),
        **dict(zip(INSIGHT_FLAGS, map(bool, flags), strict=True)),
        **dict(zip(("created_at", "updated_at", "last_modified_at"), map(parse_time, times), strict=True)),
        "created_by": build_user(people[:7]),
        "last_modified_by": build_user(people[7:]),
        "query": query and raw(query),
        "filters": raw(filters),
        **CONSTANT,
        "tags": raw(tags),
        "dashboards": [board_id for _, board_id, *_ in around],
        "dashboard_tiles": [{"id": tile_id, "dashboard_id": board, "deleted": False} for tile_id, board, *_ in around],
        **get_levels(viewer[0], viewer[1], created_by_id, strictest, collaborates),
    }
    return {
        "id": id_,
        "order": order,
        "layouts": raw(layouts),
        "color": color,
        "insight": shown,
        "text": None,
        "button_tile": None,
        "filters_overrides": raw(overrides),
        "last_refresh": None,
        "is_cached": False,
        "show_description": None if described is None else bool(described),
        "transparent_background": None if transparent is None else bool(transparent),
    }


def get_dashboard(arguments: Row) -> Row | None:
    found = rows(ONE, arguments)
    if not found:
        return None
    template, source, with_insights, filters, variables, colors, theme, spacing, compaction, *row = found[0]
    places = group_rows(rows(PLACES, arguments))
    tiles = rows(TILES, arguments)
    return {
        **build_basic(row, arguments["project"]),
        "use_template": template,
        "use_dashboard": source,
        "delete_insights": bool(with_insights),
        "filters": raw(filters),
        "variables": raw(variables),
        "breakdown_colors": raw(colors),
        "persisted_filters": None if filters == "{}" else raw(filters),
        "persisted_variables": None if variables == "{}" else raw(variables),
        "data_color_theme_id": theme,
        "grid_spacing": spacing,
        "layout_compaction": compaction,
        "customization": {"tile_spacing": spacing, "layout_compaction": compaction},
        "quick_filter_ids": [],
        "tiles": [build_tile(order, each, places, row[:2]) for order, each in enumerate(tiles)],
    }


def list_dashboards(arguments: Row, address: str) -> Row | None:
    project, limit, offset = (arguments[name] for name in ("project", "limit", "offset"))
    # The limit and the offset are literals, because a generic plan may be slow for the first page.
    found = rows(LIST.format(limit=limit, offset=offset), arguments)
    if not found:
        return None
    if project not in counts:
        counts[project] = rows(COUNT, arguments)[0][0]
    after = offset + limit
    return {
        "count": counts[project],
        "next": f"{address}?limit={limit}&offset={after}" if after < counts[project] else None,
        "previous": f"{address}?limit={limit}&offset={max(0, offset - limit)}" if offset else None,
        "results": [{**build_basic(row, project), "search_match_type": None} for row in found],
    }


def respond(environ: Environ) -> Row | None:
    parts = environ["PATH_INFO"].split("/")
    secret = environ.get("HTTP_AUTHORIZATION", "")[len("Bearer ") :]
    arguments: Row = {"hash": hashlib.sha256(secret.encode()).hexdigest(), "project": int(parts[3])}
    if parts[5]:
        return get_dashboard({**arguments, "id": int(parts[5])})
    query = parse_qs(environ.get("QUERY_STRING", ""))
    window = {name: int(query.get(name, [default])[0]) for name, default in (("limit", "100"), ("offset", "0"))}
    return list_dashboards({**arguments, **window}, f"http://{environ.get('HTTP_HOST', '')}{environ['PATH_INFO']}")


def app(environ: Environ, start_response: Callable[[str, list[tuple[str, str]]], Any]) -> list[bytes]:
    found = respond(environ)
    body = b"" if found is None else orjson.dumps(found, option=orjson.OPT_UTC_Z)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("404 Not Found" if found is None else "200 OK", headers)
    return [body]
