"""One insight with the filters and variables of a dashboard, and the overrides of a request, applied to its query."""

from typing import NamedTuple

import orjson

from dashboards.exceptions import InsightNotOnDashboard
from dashboards.models import Tile
from dashboards.readers.insights import InsightRow, build_insights, read_insight_row, resolve_insight
from dashboards.readers.resolved_tiles import EMPTY_OBJECT, NO_OVERRIDES, load_query_overrides
from dashboards_api.db.fields import raw_json
from queries.overrides import find_applicable_filters, iter_variables
from queries.request_overrides import (
    FILTERS_OVERRIDE,
    VARIABLES_OVERRIDE,
    Json,
    RequestOverrides,
    get_code_name,
    match_variables,
)
from queries.services.results import Results
from users.models import Membership, Project


class _StoredOverrides(NamedTuple):
    """The filters and variables of a dashboard, and the filters of one of its tiles, as JSON strings."""

    dashboard__filters: str = EMPTY_OBJECT
    dashboard__variables: str = EMPTY_OBJECT
    filters_overrides: str = EMPTY_OBJECT


def read_resolved_insight(
    reference: str,
    *,
    project: Project,
    viewer: Membership,
    overrides: RequestOverrides,
    dashboard_id: int | None,
    results: Results,
) -> tuple[Json, list[str]]:
    """Return an insight (component Insight) with overrides applied, and the paths of the overrides that had no effect.

    Raises InsightNotFound and InsightNotOnDashboard.
    """
    row = read_insight_row(reference, project=project)
    stored = _StoredOverrides() if dashboard_id is None else _read_stored_overrides(row.id, dashboard_id, project)
    applied = load_query_overrides(stored.dashboard__filters, stored.dashboard__variables, overrides).limited_to(1)
    resolved = resolve_insight(row, applied, stored.filters_overrides)
    ignored = _find_ineffective(overrides, row, stored, is_applied=applied is not NO_OVERRIDES)
    [insight] = build_insights([resolved], viewer, results)
    return insight, ignored


def _read_stored_overrides(insight_id: int, dashboard_id: int, project: Project) -> _StoredOverrides:
    tiles = Tile.objects.not_deleted().filter(insight=insight_id, dashboard=dashboard_id, dashboard__project=project)
    columns = {f"raw_{index}": raw_json(column) for index, column in enumerate(_StoredOverrides._fields)}
    found = tiles.annotate(**columns).values_list(*columns).first()
    if found is None:
        raise InsightNotOnDashboard
    return _StoredOverrides._make(found)


def _find_ineffective(
    overrides: RequestOverrides, row: InsightRow, stored: _StoredOverrides, *, is_applied: bool
) -> list[str]:
    """Return the paths of overrides that do not apply to the insight, or that the filters of its tile replace."""
    query = None if row.raw_query is None else orjson.loads(row.raw_query)
    own_filters = set(orjson.loads(stored.filters_overrides))
    applicable = find_applicable_filters(query, orjson.loads(row.raw_filters)) - own_filters
    used = {name for id_, variable in iter_variables(query) for name in (id_, get_code_name(variable)) if name}
    variables = orjson.loads(stored.dashboard__variables)
    paths = [
        f"{FILTERS_OVERRIDE}__{name}" for name in overrides.filters or {} if not (is_applied and name in applicable)
    ]
    for name, id_, given in match_variables(variables, overrides.variables or {}):
        names = {name, id_, get_code_name(variables.get(id_)), get_code_name(given)}
        if not (is_applied and names & used):
            paths.append(f"{VARIABLES_OVERRIDE}__{name}")
    return paths
