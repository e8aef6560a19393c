"""Charts as images: SVG, and PNG that a separate process renders from the SVG."""

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from dashboards.readers.insight_files import PNG, ImageSize
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import Unavailable
from pages.components.charts import render_svg
from pages.components.png_process import NOT_INSTALLED
from pages.components.results import Clock
from pages.components.tile_grid import get_computed_at, get_drawn_result, get_insight_name, get_legacy_display
from users.readers import Row

SCRIPT = Path(__file__).with_name("png_process.py")
FONTS = Path(__file__).parents[1] / "fonts"
SECONDS = 10
# Each image occupies a processor for some tenths of a second. Further requests wait only for a short time, because each
# waiting request occupies a thread of the pool.
PROCESSES = 2
SECONDS_TO_WAIT = 2
_slots = BoundedSemaphore(PROCESSES)


def draw_image(insight: Row, format: str, size: ImageSize) -> bytes | None:
    """Return the chart of an insight as SVG or PNG, or None without a chart. CHART_IMAGES refers to this function."""
    shown = to_plain_json(insight)
    query = shown["query"] or get_legacy_display(shown)
    moment = get_computed_at(shown, Clock(now(), ZoneInfo(shown["timezone"] or "UTC")))
    svg = render_svg(get_drawn_result(shown), query, get_insight_name(shown), *size, moment=moment)
    if svg is None:
        return None
    return draw_png(svg, size) if format == PNG else svg.encode()


def draw_png(svg: str, size: ImageSize) -> bytes:
    """Render SVG as PNG. Raises Unavailable if too many images are being drawn or if drawing takes too long."""
    if not _slots.acquire(timeout=SECONDS_TO_WAIT):
        raise Unavailable("Too many images are being drawn. Please try again in a moment.", code="too_many_images")
    try:
        return _run(svg, size)
    finally:
        _slots.release()


def _run(svg: str, size: ImageSize) -> bytes:
    # The process has no environment variables, because those of the service contain secrets.
    command = [sys.executable, "-I", str(SCRIPT), *map(str, size), str(FONTS)]
    try:
        done = subprocess.run(command, input=svg.encode(), capture_output=True, timeout=SECONDS, env={}, check=False)  # noqa: S603  fixed words and numbers
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The image takes too long to draw. Request a smaller one.", code="image_timeout") from error
    if done.returncode == NOT_INSTALLED:
        raise Unavailable("PNG cannot be drawn, because the package resvg-py is missing.", code="png_not_installed")
    if done.returncode:
        raise Unavailable("The image could not be drawn.", code="image_failed")
    return done.stdout
