"""The parser of query results, in the shapes of PostHog's responses, for charts. Pure functions.

| Query | Shape of the result |
| --- | --- |
| trends, stickiness | `[{label, data: […], labels: […], days: […], count}]`, or `[{label, aggregated_value}]` |
| lifecycle | the same with `status` |
| funnel | `[{name, order, count, average_conversion_time}]`, or a list of such lists, one for each breakdown |
| time to convert | `{bins: [[seconds, count]], average_conversion_time}` |
| retention | `[{date, label, values: [{count}]}]` |
| SQL | `{results: [[…]], columns: […], types, hasMore, timezone}` |

Results of other shapes are not drawn. The numbers of series, points and rows are limited.
"""

from datetime import datetime
from typing import Any

from pages.components.charts.funnels import parse_funnel, parse_funnel_trends, parse_time_to_convert
from pages.components.charts.growth import is_lifecycle, parse_lifecycle, parse_stickiness
from pages.components.charts.options import Options, read_options
from pages.components.charts.retention import parse_retention
from pages.components.charts.shapes import Drawable
from pages.components.charts.sql import parse_sql, read_sql_result
from pages.components.charts.trends import parse_trends

Json = dict[str, Any]


def parse_result(result: Any, query: Any, moment: datetime | None = None) -> Drawable | None:
    """Return the drawable form of a result, or None if it is empty or of an unknown shape.

    `moment` is the time of the computation, in the time zone of the project.
    """
    if isinstance(result, dict):
        if isinstance(result.get("bins"), list):
            return parse_time_to_convert(result)
        found = read_sql_result(result)
        return None if found is None else parse_sql(found, query)
    if not isinstance(result, list) or not result:
        return None
    if all(isinstance(each, list) for each in result):
        groups = [steps for steps in result if steps and all(_is_step(step) for step in steps)]
        return parse_funnel(groups) if len(groups) == len(result) else None
    rows = [each for each in result if isinstance(each, dict)]
    return _parse_rows(rows, read_options(query), moment) if len(rows) == len(result) else None


def _parse_rows(rows: list[Json], options: Options, moment: datetime | None) -> Drawable | None:
    if all(isinstance(row.get("values"), list) for row in rows):
        return parse_retention(rows, options, moment) if any(row["values"] for row in rows) else None
    if all(_is_step(row) for row in rows):
        return parse_funnel([rows])
    if is_lifecycle(rows):
        return parse_lifecycle(rows, options, moment)
    has_data = all(isinstance(row.get("data"), list) and row["data"] for row in rows)
    if options.kind == "FunnelsQuery" and has_data:
        return parse_funnel_trends(rows, options, moment)
    if options.kind == "StickinessQuery" and has_data:
        return parse_stickiness(rows, options)
    return parse_trends(rows, options, moment)


def _is_step(row: Any) -> bool:
    return isinstance(row, dict) and "order" in row and "name" in row
