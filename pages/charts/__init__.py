"""Results as pictures, drawn on the server: `chart_of` is the one way in."""

from pages.charts.render import Size, chart_of

__all__ = ["Size", "chart_of"]
