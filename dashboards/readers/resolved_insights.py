"""One insight with the filters and variables of a dashboard, and those of a request, applied to its query."""

from typing import Any

import orjson

from dashboards.exceptions import InsightNotOnDashboard
from dashboards.models import Tile
from dashboards.query_overrides import applicable_filters, iter_variables
from dashboards.readers.insights import insight_values_of, with_tiles
from dashboards.readers.resolved_tiles import EMPTY_OBJECT, NO_OVERRIDES, StoredTile, load_query_overrides, resolve_tile
from dashboards.request_overrides import (
    FILTERS_OVERRIDE,
    VARIABLES_OVERRIDE,
    Json,
    RequestOverrides,
    get_code_name,
    match_variables,
)
from dashboards_api.db.fields import raw_json
from users.models import Membership, Project

# The filters and variables of a dashboard, and the filters of its tile, as texts.
_STORED_OVERRIDES = ("dashboard__filters", "dashboard__variables", "filters_overrides")
# Where `insight_values` has the query and the older filters.
_QUERY, _FILTERS = -3, -2


def read_resolved_insight(
    reference: str, *, project: Project, viewer: Membership, overrides: RequestOverrides, dashboard_id: int | None
) -> tuple[Json, list[str]]:
    """Return an insight (component Insight) with overrides applied, and the paths of the overrides without an effect.

    Raises InsightNotFound, and InsightNotOnDashboard.
    """
    values = insight_values_of(reference, project=project)
    around = (
        (EMPTY_OBJECT,) * len(_STORED_OVERRIDES)
        if dashboard_id is None
        else _read_stored_overrides(values[0], dashboard_id, project)
    )
    filters, variables, of_tile = around
    applied = load_query_overrides(filters, variables, overrides).limited_to(1)
    shown = resolve_tile(StoredTile(EMPTY_OBJECT, of_tile, values[_QUERY], values[_FILTERS]), applied)
    ignored = _find_ineffective(overrides, values, variables, of_tile, is_applied=applied is not NO_OVERRIDES)
    [row] = with_tiles([(*values[:_QUERY], shown.query, shown.filters, values[-1])], viewer)
    return row, ignored


def _read_stored_overrides(insight_id: int, dashboard_id: int, project: Project) -> tuple[str, ...]:
    tiles = Tile.objects.not_deleted().filter(insight=insight_id, dashboard=dashboard_id, dashboard__project=project)
    columns = {f"raw_{column.replace('__', '_')}": raw_json(column) for column in _STORED_OVERRIDES}
    found: tuple[str, ...] | None = tiles.annotate(**columns).values_list(*columns).first()
    if found is None:
        raise InsightNotOnDashboard
    return found


def _find_ineffective(
    overrides: RequestOverrides, values: tuple[Any, ...], variables: str, of_tile: str, *, is_applied: bool
) -> list[str]:
    """Return the paths of overrides that do not apply to the insight, or that the filters of its tile replace."""
    query = None if values[_QUERY] is None else orjson.loads(values[_QUERY])
    taken = applicable_filters(query, orjson.loads(values[_FILTERS])) - set(orjson.loads(of_tile))
    used = {name for id_, variable in iter_variables(query) for name in (id_, get_code_name(variable)) if name}
    stored = orjson.loads(variables)
    paths = [f"{FILTERS_OVERRIDE}__{name}" for name in overrides.filters or {} if not (is_applied and name in taken)]
    for name, id_, given in match_variables(stored, overrides.variables or {}):
        names = {name, id_, get_code_name(stored.get(id_)), get_code_name(given)}
        if not (is_applied and names & used):
            paths.append(f"{VARIABLES_OVERRIDE}__{name}")
    return paths
