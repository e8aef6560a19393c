"""Bars, funnels and tables as parts of an image: the rows that fit, and a note about the omitted rows."""

from collections.abc import Sequence

from pages.components.charts.funnel_view import build_funnel_view
from pages.components.charts.retention_view import SHADES, build_retention_view
from pages.components.charts.shapes import Bars, Funnel, Retention, Table, describe_rest, join_notes
from pages.components.charts.svg_canvas import (
    EARLIER,
    INK,
    LINE,
    PALETTE,
    PAPER,
    QUIET,
    Box,
    Canvas,
    estimate_width,
    fit,
)

ROW = 30
STEP = 66
SIZE = 15
MAX_CELL = 360.0


def draw_bars(canvas: Canvas, box: Box, found: Bars) -> str:
    """Draw the bars that fit, and return a note about the omitted bars."""
    shown = found.items[: max(1, int(box.height / ROW))]
    values = [found.number.write(item.value) for item in shown]
    labels_width = min(box.width * 0.35, max(estimate_width(item.label, SIZE) for item in shown) + 16)
    values_width = max(estimate_width(value, SIZE) for value in values) + 16
    largest = max(abs(item.value) for item in shown) or 1
    track = box.width - labels_width - values_width
    for number, (item, value) in enumerate(zip(shown, values, strict=True)):
        y = box.y + number * ROW
        canvas.add_text(box.x, y + 20, fit(item.label, labels_width - 16, SIZE), size=SIZE)
        length = abs(item.value) / largest * track
        opacity = EARLIER if item.is_previous else 1
        canvas.add_rectangle(Box(box.x + labels_width, y + 6, length, ROW - 12), PALETTE[0], opacity=opacity)
        canvas.add_text(box.right, y + 20, value, size=SIZE, anchor="end")
    return describe_rest(len(found.items) + len(found.rest) - len(shown))


def draw_funnel(canvas: Canvas, box: Box, found: Funnel) -> str:
    """Draw the steps that fit, and return a note about the omitted steps."""
    y, left_out = box.y, 0
    for group in build_funnel_view(found)["groups"]:
        if group["name"] and y + ROW + STEP <= box.bottom:
            canvas.add_text(box.x, y + 20, fit(group["name"], box.width, SIZE), size=SIZE, is_bold=True)
            y += ROW
        for step in group["steps"]:
            if y + STEP > box.bottom:
                left_out += 1
                continue
            value = f"{step['count']}  {step['share']}".rstrip()
            canvas.add_text(box.x, y + 16, fit(step["name"], box.width * 0.6, SIZE), size=SIZE)
            canvas.add_text(box.right, y + 16, value, size=SIZE, anchor="end", is_bold=True)
            canvas.add_rectangle(Box(box.x, y + 23, box.width, 14), PAPER)
            canvas.add_rectangle(Box(box.x, y + 23, box.width * step["length"] / 100, 14), PALETTE[0])
            canvas.add_text(box.x, y + 54, fit(step["details"], box.width, 13), size=13, color=QUIET)
            y += STEP
    return describe_rest(left_out, "step")


def draw_table(canvas: Canvas, box: Box, found: Table) -> str:
    """Draw the columns and rows that fit, and return a note about the omitted columns and rows."""
    texts = [["null" if cell is None else cell for cell in row] for row in found.rows]
    widths = _measure_columns([found.columns, *texts])
    count = _count_columns(widths, box.width)
    spare = (box.width - sum(widths[:count])) / max(1, count)
    rows = texts[: max(0, int(box.height / ROW) - 1)]
    x = box.x
    for column in range(count):
        is_number = column in found.numeric
        width = widths[column] + max(0.0, spare)
        for number, row in enumerate([found.columns, *rows]):
            place = (x + width - 20 if is_number else x, box.y + number * ROW + 20)
            text = fit(row[column].replace("\n", " "), width - 20, SIZE)
            anchor = "end" if is_number else "start"
            canvas.add_text(*place, text, size=SIZE, anchor=anchor, is_bold=not number, color=INK if number else QUIET)
        x += width
    for number in range(1, len(rows) + 2):
        canvas.add_line((box.x, box.y + number * ROW), (box.right, box.y + number * ROW), LINE)
    more_rows, more_columns = len(texts) - len(rows), len(found.columns) - count
    return join_notes(describe_rest(more_rows), describe_rest(more_columns, "column"))


def _measure_columns(rows: Sequence[Sequence[str]]) -> list[float]:
    columns = zip(*rows, strict=True)
    return [min(MAX_CELL, max(estimate_width(text, SIZE) for text in texts) + 24) for texts in columns]


def _count_columns(widths: Sequence[float], space: float) -> int:
    """Return the number of columns that fit, at least one."""
    return max(1, sum(sum(widths[: place + 1]) <= space for place in range(len(widths))))


def draw_retention(canvas: Canvas, box: Box, found: Retention) -> str:
    """Draw the cohorts and intervals that fit, and return a note about the omitted cohorts and intervals."""
    view = build_retention_view(found)
    cell, left = 74.0, 210.0
    columns = view["columns"][: max(1, int((box.width - left) / cell))]
    _draw_header(canvas, box, columns, cell, left)
    y, left_out = box.y + ROW, 0
    for group in view["groups"]:
        if group["name"] and y + 2 * ROW <= box.bottom:
            canvas.add_text(box.x, y + 20, fit(group["name"], box.width, SIZE), size=SIZE, is_bold=True)
            y += ROW
        for row in group["rows"]:
            if y + ROW > box.bottom:
                left_out += 1
                continue
            canvas.add_text(box.x, y + 20, fit(row["label"], 120, SIZE), size=SIZE)
            canvas.add_text(box.x + left - 20, y + 20, row["size"], size=SIZE, anchor="end", color=QUIET)
            for place, each in enumerate(row["cells"][: len(columns)]):
                part = Box(box.x + left + place * cell, y + 1, cell - 2, ROW - 2)
                canvas.add_rectangle(part, PALETTE[0], fill_opacity=round(each["shade"] / SHADES * 0.42, 3))
                text = f"{each['text']}{'*' if each['is_incomplete'] else ''}"
                canvas.add_text(part.right - 8, y + 20, text, size=13, anchor="end")
            y += ROW
    more = describe_rest(len(view["columns"]) - len(columns), "interval")
    open_note = "* not complete" if view["is_incomplete"] else ""
    return join_notes(f"Shares of {found.reference}", open_note, describe_rest(left_out, "cohort"), more)


def _draw_header(canvas: Canvas, box: Box, columns: Sequence[str], cell: float, left: float) -> None:
    canvas.add_text(box.x, box.y + 20, "Cohort", size=13, color=QUIET, is_bold=True)
    canvas.add_text(box.x + left - 20, box.y + 20, "Size", size=13, color=QUIET, is_bold=True, anchor="end")
    for place, column in enumerate(columns):
        x = box.x + left + (place + 1) * cell - 10
        canvas.add_text(x, box.y + 20, fit(column, cell - 8, 13), size=13, color=QUIET, is_bold=True, anchor="end")
