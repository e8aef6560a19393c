"""Charts of results, rendered on the server. `render_chart` is the entry point."""

from pages.components.charts.render import Chart, render_chart

__all__ = ["Chart", "render_chart"]
