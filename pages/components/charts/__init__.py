"""Results as pictures, drawn on the server: `render_chart` is the one way in."""

from pages.components.charts.render import Size, render_chart

__all__ = ["Size", "render_chart"]
