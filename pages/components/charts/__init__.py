"""Charts of results, rendered on the server: `render_chart` for pages, and `render_svg` for files."""

from pages.components.charts.render import Chart, render_chart
from pages.components.charts.svg_export import render_svg

__all__ = ["Chart", "render_chart", "render_svg"]
