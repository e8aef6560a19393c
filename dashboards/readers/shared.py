"""Read the content of a shared dashboard for viewers with its link.

Every field is chosen explicitly, so that new fields are not exposed by accident. The content has no user, e-mail
address, access level or origin, and no ids except the ids of tiles and insights.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson
from django.db.models import OuterRef

from dashboards.exceptions import (
    DashboardNotFound,
    ExportNotAllowed,
    OverrideNotAllowed,
    SharePasswordRequired,
    TileNotFound,
)
from dashboards.models import Revision, RevisionKind, SharePassword, SharingConfiguration, Tile
from dashboards.models.sharing_configuration import PAGE_FLAGS, THEME
from dashboards.readers.insight_results import read_insight_results
from dashboards.readers.insights import build_public_insight, insight_json
from dashboards.readers.resolved_tiles import (
    DAMAGED,
    ResolvedTile,
    StoredTile,
    load_query_overrides,
    resolve_tile,
)
from dashboards.readers.shared_queries import QueryDisplay
from dashboards.readers.shared_variables import list_variables
from dashboards.readers.tiles import TILE_JSON
from dashboards.tracked_fields import BUTTON_FIELDS, TEXT_FIELDS
from dashboards.unlock_tokens import read_unlock_token
from dashboards_api.db.fields import dump_json, raw_json
from queries.models import ResultVersion
from queries.readers.results import MAX_RESPONSE_CHARACTERS
from queries.refresh import Refresh, restrict_to_share
from queries.request_overrides import NO_REQUEST_OVERRIDES, RequestOverrides, get_code_name, match_variables
from queries.services.results import RefreshRequest, Results
from users.models import Project
from users.readers import Row

PageType = Literal["scene", "embed"]

DASHBOARD_COLUMNS = ("name", "description", "data_color_theme_id")
DASHBOARD_JSON = ("filters", "variables", "breakdown_colors")
INSIGHT_COLUMNS = ("short_id", "name", "derived_name", "description")
PROJECT_COLUMNS = ("timezone", "week_start_day", "test_account_filters")  # on which results depend


class SharedDashboard(NamedTuple):
    """A share link that may be opened, with its sharing, its dashboard and the overrides of the request."""

    access_token: str
    row: Row
    overrides: RequestOverrides

    @property
    def project(self) -> Project:
        """Return the project with only the columns on which its results depend."""
        columns = {name: self.row[f"dashboard__project__{name}"] for name in PROJECT_COLUMNS}
        return Project(pk=self.row["dashboard__project_id"], **columns)

    @property
    def state(self) -> tuple[Any, ...]:
        """Return the state on which the shown content depends.

        It consists of the version of the dashboard, and the result version and the settings of the project.
        """
        return self.row["revision"], self.row["result_version"], self.project.result_settings

    @property
    def time_zone(self) -> str:
        zone: str = self.row["dashboard__project__timezone"]
        return zone

    @property
    def settings(self) -> Row:
        return self.row["settings"] or {}

    @property
    def hides_queries(self) -> bool:
        return bool(self.settings.get("hideQueries"))

    @property
    def is_locked(self) -> bool:
        return bool(self.row["password_required"])

    @property
    def offers_files(self) -> bool:
        """Return whether viewers can download results, which the setting `detailed` allows."""
        return bool(self.settings.get("detailed"))

    @property
    def allowed_overrides(self) -> list[str]:
        """Return the names of the filters, and the ids and code names of the variables, that viewers may override."""
        names: list[str] = self.settings.get("allow_overrides", [])
        return names

    def get_results(
        self, refresh: Refresh, since: datetime | None, characters_max: int = MAX_RESPONSE_CHARACTERS
    ) -> Results:
        """Return the results for a request with the given share link.

        Such a request may cause fewer computations than a request by a member.
        """
        request = RefreshRequest(restrict_to_share(refresh), since, is_shared=True)
        return Results(self.project, request, characters_max)


def find_shared_dashboard(
    access_token: str, *, unlock_tokens: Iterable[str] = (), overrides: RequestOverrides = NO_REQUEST_OVERRIDES
) -> SharedDashboard:
    """Return the dashboard of a share link, for a request with the given unlock tokens.

    Raises DashboardNotFound for an invalid link, SharePasswordRequired, and OverrideNotAllowed.
    """
    row = _read_sharing(access_token)
    if row["password_required"] and not _is_unlocked(row["id"], access_token, unlock_tokens):
        raise SharePasswordRequired
    opened = SharedDashboard(access_token, row, overrides)
    _check_overrides(overrides, allowed=opened.allowed_overrides, variables=row["raw_variables"])
    return opened


def read_shared_dashboard(
    opened: SharedDashboard, page_type: PageType, results: Results, *, is_page: bool = False
) -> Row:
    """Return the content of a shared page, with the allowed overrides applied.

    With `is_page`, the content also contains the visualization of hidden queries, which the page needs to draw results,
    and the variables that viewers may override.
    """
    row, settings = opened.row, opened.settings
    rows = _read_tiles(row["dashboard_id"])
    overrides = load_query_overrides(row["raw_filters"], row["raw_variables"], opened.overrides)
    applied = overrides.limited_to(len(rows))
    shown = [resolve_tile(_get_stored_tile(tile), applied) for tile in rows]
    display = QueryDisplay.from_settings(settings, is_page=is_page)
    dashboard = {
        **{name: row[f"dashboard__{name}"] for name in DASHBOARD_COLUMNS},
        "filters": orjson.Fragment(display.hide_sql(dump_json(overrides.filters))),
        "variables": orjson.Fragment(dump_json(overrides.variables)),
        "breakdown_colors": orjson.Fragment(row["raw_breakdown_colors"]),
        "tiles": _build_tiles(rows, shown, results, display),
    }
    flags = {name: settings[name] for name in (*PAGE_FLAGS, THEME) if settings.get(name)}
    if is_page:
        queries = (tile.query for tile in shown)
        allowed = opened.allowed_overrides
        flags["choices"] = list_variables(allowed, overrides.variables, queries, has_sql=display.has_sql)
    # The token of the request is returned, because a replaced token must not reveal the new token.
    return {"type": page_type, "accessToken": opened.access_token, "dashboard": dashboard, "themes": [], **flags}


def read_shared_insight(opened: SharedDashboard, tile_id: int, results: Results) -> Row:
    """Return the insight of one tile as shown on the page, for an export as a file.

    Raises ExportNotAllowed unless the setting `detailed` is enabled, and TileNotFound.
    """
    if not opened.offers_files:
        raise ExportNotAllowed
    row = opened.row
    rows = _read_tiles(row["dashboard_id"], tile_id)
    overrides = load_query_overrides(row["raw_filters"], row["raw_variables"], opened.overrides).limited_to(len(rows))
    shown = [resolve_tile(_get_stored_tile(tile), overrides) for tile in rows]
    tiles = _build_tiles(rows, shown, results, QueryDisplay.from_settings(opened.settings, is_page=True))
    insight: Row | None = tiles[0]["insight"] if tiles else None
    if insight is None:
        raise TileNotFound
    return insight


def _read_sharing(access_token: str) -> Row:
    live = SharingConfiguration.objects.live()
    live = live.annotate(
        **{f"raw_{name}": raw_json(f"dashboard__{name}") for name in DASHBOARD_JSON},
        revision=Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("dashboard_id")),
        result_version=ResultVersion.objects.number_subquery(OuterRef("dashboard__project")),
    )
    columns = (
        "id",
        "dashboard_id",
        "settings",
        "password_required",
        "revision",
        "result_version",
        "dashboard__project_id",
        *(f"dashboard__project__{name}" for name in PROJECT_COLUMNS),
        *(f"dashboard__{name}" for name in DASHBOARD_COLUMNS),
        *(f"raw_{name}" for name in DASHBOARD_JSON),
    )
    row: Row | None = (
        live.with_token(access_token).values(*columns).first()
        or live.with_replaced_token(access_token).values(*columns).first()
    )
    if row is None:
        raise DashboardNotFound
    return row


def _is_unlocked(sharing_id: int, access_token: str, unlock_tokens: Iterable[str]) -> bool:
    """Return whether one of the unlock tokens is for this link and for a password that still exists."""
    ids = {read_unlock_token(token, access_token) for token in unlock_tokens} - {None}
    return bool(ids) and SharePassword.objects.filter(sharing_configuration=sharing_id, pk__in=ids).exists()


def _check_overrides(overrides: RequestOverrides, *, allowed: list[str], variables: str) -> None:
    """Raise OverrideNotAllowed for a filter or a variable that the sharing settings do not allow.

    A filter is allowed by its name, a variable by its id or its code name. The code name in an override must also
    be allowed, because it matches every variable with this name.
    """
    for name in overrides.filters or {}:
        if name not in allowed:
            raise OverrideNotAllowed(name)
    stored = orjson.loads(variables) if overrides.variables else {}
    for name, id_, given in match_variables(stored, overrides.variables or {}):
        own_name, new_name = get_code_name(stored.get(id_)), get_code_name(given)
        is_renamed = new_name is not None and new_name not in (own_name, *allowed)
        if is_renamed or (id_ not in allowed and own_name not in allowed):
            raise OverrideNotAllowed(name)


def _read_tiles(dashboard_id: int, tile_id: int | None = None) -> list[Row]:
    """Return the rows of all tiles, or of one tile."""
    tiles = Tile.objects.filter(dashboard_id=dashboard_id)
    tiles = tiles if tile_id is None else tiles.filter(pk=tile_id)
    return list(
        tiles.visible()
        .in_layout_order()
        .annotate(**TILE_JSON, **insight_json("insight__"))
        .values(
            "id",
            "color",
            "show_description",
            "transparent_background",
            *TILE_JSON,
            "raw_query",
            "raw_filters",
            *(f"{kind}_id" for kind in ("insight", "text", "button")),
            *(f"insight__{column}" for column in INSIGHT_COLUMNS),
            *(f"text__{column}" for column in TEXT_FIELDS),
            *(f"button__{column}" for column in BUTTON_FIELDS),
        )
    )


def _build_tiles(rows: list[Row], shown: list[ResolvedTile], results: Results, display: QueryDisplay) -> list[Row]:
    found = read_insight_results(((tile.parsed_query, tile.filters) for tile in shown), results.project, results)
    return [
        _build_tile(order, row, tile, _build_insight(row, tile, result, display), display)
        for order, (row, tile, result) in enumerate(zip(rows, shown, found, strict=True))
    ]


def _get_stored_tile(row: Row) -> StoredTile:
    return StoredTile(row["raw_layouts"], row["raw_filters_overrides"], row["raw_query"], row["raw_filters"])


def _build_tile(order: int, row: Row, shown: ResolvedTile, insight: Row | None, display: QueryDisplay) -> Row:
    return {
        "id": row["id"],
        "order": order,
        "layouts": orjson.Fragment(shown.layouts),
        "color": row["color"],
        "insight": insight,
        "text": _build_content(row, "text", TEXT_FIELDS),
        "button_tile": _build_content(row, "button", BUTTON_FIELDS),
        "filters_overrides": orjson.Fragment(display.hide_sql(shown.filters_overrides)),
        "show_description": row["show_description"],
        "transparent_background": row["transparent_background"],
        **({"error": DAMAGED} if shown.is_damaged else {}),
    }


def _build_insight(row: Row, shown: ResolvedTile, result: Row, display: QueryDisplay) -> Row | None:
    columns = _build_content(row, "insight", INSIGHT_COLUMNS)
    if columns is None:
        return None
    query = display.hide_query(shown.query, result["columns"])
    filters = display.hide_query(shown.filters) or "{}"
    public = build_public_insight(**columns, query=query, filters=filters)
    return {**public, **display.hide_fields(result)}


def _build_content(row: Row, kind: str, columns: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the given columns of the content of a tile, or None if the content is of another kind."""
    if row[f"{kind}_id"] is None:
        return None
    return {column: row[f"{kind}__{column}"] for column in columns}
