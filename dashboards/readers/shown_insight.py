"""One insight as a tile would show it: through a dashboard, and through the overrides of a request."""

from typing import Any

import orjson

from dashboards.exceptions import InsightNotOnDashboard
from dashboards.models import Tile
from dashboards.overrides import FILTERS, VARIABLES, Json, Overrides, code_name_of, targets
from dashboards.readers.dashboards import stored_lens
from dashboards.readers.insights import insight_values_of, with_tiles
from dashboards.readers.tiles import EMPTY_OBJECT, NO_LENS, shown_through
from dashboards.rewriting import filters_taken, variables_used
from dashboards_api.fields import raw
from users.models import Membership, Project

# The filters and variables of a dashboard, and those of its tile, as texts.
_AROUND = ("dashboard__filters", "dashboard__variables", "filters_overrides")
# Where `insight_values` has the query and the older filters.
_QUERY, _FILTERS = -3, -2


def read_shown_insight(
    reference: str, *, project: Project, viewer: Membership, overrides: Overrides, dashboard_id: int | None
) -> tuple[Json, list[str]]:
    """Return an insight seen through a dashboard, or by itself, and the paths of overrides that change nothing of it.

    Raises InsightMissing, and InsightNotOnDashboard.
    """
    values = insight_values_of(reference, project=project)
    around = (EMPTY_OBJECT,) * len(_AROUND) if dashboard_id is None else _around(values[0], dashboard_id, project)
    filters, variables, of_tile = around
    lens = stored_lens(filters, variables, overrides).for_rows(1)
    shown = shown_through(lens, EMPTY_OBJECT, of_tile, values[_QUERY], values[_FILTERS])
    ignored = _without_effect(overrides, values, variables, of_tile, is_applied=lens is not NO_LENS)
    [row] = with_tiles([(*values[:_QUERY], shown.query, shown.filters, values[-1])], viewer)
    return row, ignored


def _around(insight_id: int, dashboard_id: int, project: Project) -> tuple[str, ...]:
    tiles = Tile.objects.not_deleted().filter(insight=insight_id, dashboard=dashboard_id, dashboard__project=project)
    columns = {f"raw_{column.replace('__', '_')}": raw(column) for column in _AROUND}
    found: tuple[str, ...] | None = tiles.annotate(**columns).values_list(*columns).first()
    if found is None:
        raise InsightNotOnDashboard
    return found


def _without_effect(
    overrides: Overrides, values: tuple[Any, ...], variables: str, of_tile: str, *, is_applied: bool
) -> list[str]:
    """Return the paths of overrides that the insight does not take, or that its tile lays its own filters over."""
    query = None if values[_QUERY] is None else orjson.loads(values[_QUERY])
    taken = filters_taken(query, orjson.loads(values[_FILTERS])) - set(orjson.loads(of_tile))
    used = {name for id_, variable in variables_used(query) for name in (id_, code_name_of(variable)) if name}
    stored = orjson.loads(variables)
    paths = [f"{FILTERS}__{name}" for name in overrides.filters or {} if not (is_applied and name in taken)]
    for name, id_, given in targets(stored, overrides.variables or {}):
        names = {name, id_, code_name_of(stored.get(id_)), code_name_of(given)}
        if not (is_applied and names & used):
            paths.append(f"{VARIABLES}__{name}")
    return paths
