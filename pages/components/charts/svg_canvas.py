"""An image as SVG text in absolute pixels, which all viewers and PNG renderers draw in the same way."""

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

FONTS = "Liberation Sans, DejaVu Sans, Arial, Helvetica, sans-serif"
# The palette of charts in the light theme of the style sheet. Tests compare the palette with the style sheet, and check
# that color-blind readers can distinguish the colors.
PALETTE = ("#2f5fe0", "#c9560c", "#12836f", "#fd047c", "#27337a", "#4796b0", "#920007", "#5c2c38")
REST = "#7d8595"
SURFACE = "#ffffff"
PAPER = "#f5f6f8"
INK = "#1c2230"
QUIET = "#566076"
LINE = "#dfe3ea"
EARLIER = 0.45
# The width of a character as a share of the font size, since the real width of text is unknown.
CHARACTER = 0.58
# Characters that are not allowed in XML.
_INVALID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Box(NamedTuple):
    """A rectangle in the image."""

    x: float
    y: float
    width: float
    height: float

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def right(self) -> float:
        return self.x + self.width

    def cut(self, *, top: float = 0, bottom: float = 0, left: float = 0, right: float = 0) -> "Box":
        """Return the box without margins of the given sizes."""
        width, height = max(0.0, self.width - left - right), max(0.0, self.height - top - bottom)
        return Box(self.x + left, self.y + top, width, height)


def estimate_width(text: str, size: float) -> float:
    return len(text) * size * CHARACTER


def fit(text: str, width: float, size: float) -> str:
    """Return a string truncated to an estimated width."""
    count = int(width / (size * CHARACTER))
    return text if len(text) <= count else f"{text[: max(0, count - 1)]}…"


def clean(text: str) -> str:
    """Return a string escaped for XML, without the characters that are not allowed in it."""
    return escape(_INVALID.sub("", text))


class Canvas:
    """The elements of an image, in the order in which they are drawn."""

    def __init__(self, width: int, height: int, name: str) -> None:
        self.elements: list[str] = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{FONTS}" role="img">',
            f"<title>{clean(name)}</title>",
        ]
        self.add_rectangle(Box(0, 0, width, height), SURFACE)

    def finish(self) -> str:
        return "\n".join([*self.elements, "</svg>", ""])

    def add_text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 14,
        color: str = INK,
        anchor: str = "start",
        is_bold: bool = False,
    ) -> None:
        style = {"x": x, "y": y, "font-size": size, "fill": color, "text-anchor": anchor}
        weight = {"font-weight": "bold"} if is_bold else {}
        self.elements.append(f"<text{_write({**style, **weight})}>{clean(text)}</text>")

    def add_rectangle(self, box: Box, color: str, **attributes: object) -> None:
        x, y, width, height = box
        self.add("rect", x=x, y=y, width=width, height=height, fill=color, **attributes)

    def add_line(self, start: tuple[float, float], end: tuple[float, float], color: str = LINE) -> None:
        self.add("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], stroke=color)

    def add_points(self, kind: str, points: Iterable[tuple[float, float]], **attributes: object) -> None:
        """Add a polyline or a polygon."""
        text = " ".join(f"{_format_number(x)},{_format_number(y)}" for x, y in points)
        self.add(kind, points=text, **attributes)

    def add(self, kind: str, **attributes: object) -> None:
        """Add an element without content. Underscores in names of attributes become dashes."""
        self.elements.append(f"<{kind}{_write(attributes)}/>")


def _write(attributes: dict[str, object]) -> str:
    return "".join(
        f" {name.replace('_', '-')}={quoteattr(_format_number(value))}" for name, value in attributes.items()
    )


def _format_number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
