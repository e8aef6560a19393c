"""Charts of results, rendered on the server. `render_chart` is the entry point."""

from pages.components.charts.render import Size, render_chart

__all__ = ["Size", "render_chart"]
