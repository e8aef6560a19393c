"""One result as a stand-alone image: SVG text with a title, a legend and notes, in the light theme."""

from datetime import datetime
from typing import Any

from pages.components.charts.data import SO_FAR
from pages.components.charts.results import parse_result
from pages.components.charts.shapes import Bars, Drawable, Funnel, Graph, Number, Pie, Retention, join_notes
from pages.components.charts.svg_canvas import QUIET, Box, Canvas, fit
from pages.components.charts.svg_graph import draw_graph, draw_number, draw_pie
from pages.components.charts.svg_tables import draw_bars, draw_funnel, draw_retention, draw_table

MARGIN = 40
TITLE_SIZE = 26
NOTE_SIZE = 14


def render_svg(
    result: Any, query: Any, name: str, width: int = 1200, height: int = 630, *, moment: datetime | None = None
) -> str | None:
    """Return a result as SVG text, or None for an unknown shape and for a result without rows.

    `moment` has the same meaning as in `render_chart`. The caller validates the size, in pixels. The SVG names fonts
    without embedding them, and has no scripts, no styles and no references.
    """
    found = parse_result(result, query, moment)
    if found is None:
        return None
    canvas = Canvas(width, height, name)
    page = Box(0, 0, width, height).cut(top=MARGIN, bottom=MARGIN, left=MARGIN, right=MARGIN)
    canvas.add_text(page.x, page.y + 18, fit(name, page.width, TITLE_SIZE), size=TITLE_SIZE, is_bold=True)
    note = join_notes(_draw(canvas, page.cut(top=48, bottom=28), found), _describe(found))
    if note:
        text = f"{note[0].upper()}{note[1:]}".replace(", see the data", "")
        canvas.add_text(page.x, page.bottom, fit(text, page.width, NOTE_SIZE), size=NOTE_SIZE, color=QUIET)
    return canvas.finish()


def _draw(canvas: Canvas, box: Box, found: Drawable) -> str:
    """Draw a form, and return a note about an incomplete interval or the parts that did not fit."""
    if isinstance(found, Graph):
        draw_graph(canvas, box, found)
        return f"{found.labels[-1]}: {SO_FAR}" if found.is_incomplete else ""
    if isinstance(found, Pie):
        draw_pie(canvas, box, found)
        return ""
    if isinstance(found, Number):
        draw_number(canvas, box, found)
        return ""
    if isinstance(found, Bars):
        return draw_bars(canvas, box, found)
    if isinstance(found, Funnel):
        return draw_funnel(canvas, box, found)
    return draw_retention(canvas, box, found) if isinstance(found, Retention) else draw_table(canvas, box, found)


def _describe(found: Drawable) -> str:
    """Return the note of a form. Bars beyond the limit have no note here, because `draw_bars` counts them."""
    return "" if isinstance(found, Bars) and found.rest else found.note
