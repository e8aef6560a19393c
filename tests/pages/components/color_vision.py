"""Perception of colors: contrast (WCAG 2.2), difference (CIEDE2000), and simulated color blindness.

The matrices are from Machado, Oliveira and Fernandes (2009), for dichromats, on linear RGB.
"""

from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

Color = tuple[float, float, float]

NORMAL, DEUTERANOPIA, PROTANOPIA = "normal", "deuteranopia", "protanopia"
MATRICES: dict[str, tuple[Color, Color, Color]] = {
    NORMAL: ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    DEUTERANOPIA: (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    PROTANOPIA: (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}
TO_XYZ: tuple[Color, Color, Color] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)


def read_color(text: str) -> Color:
    """Return the linear RGB of a color such as `#2f5fe0`."""
    red, green, blue = (_linearize(int(text[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return red, green, blue


def _linearize(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _multiply(matrix: tuple[Color, Color, Color], color: Color) -> Color:
    first, second, third = (sum(a * b for a, b in zip(row, color, strict=True)) for row in matrix)
    return first, second, third


def simulate(color: Color, vision: str) -> Color:
    red, green, blue = (min(1.0, max(0.0, value)) for value in _multiply(MATRICES[vision], color))
    return red, green, blue


def compute_contrast(first: Color, second: Color) -> float:
    dark, light = sorted(_multiply(TO_XYZ, color)[1] for color in (first, second))
    return (light + 0.05) / (dark + 0.05)


def convert_to_lab(color: Color) -> Color:
    x, y, z = (_compress(value / white) for value, white in zip(_multiply(TO_XYZ, color), WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _compress(value: float) -> float:
    return float(value ** (1 / 3)) if value > 216 / 24389 else (24389 / 27 * value + 16) / 116


def compute_difference(first: Color, second: Color) -> float:
    """Return the difference of two colors in Lab by CIEDE2000."""
    (l1, c1, h1), (l2, c2, h2) = _convert_to_lch(first, second)
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    mean = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * cos(radians(mean - 30))
        + 0.24 * cos(radians(2 * mean))
        + 0.32 * cos(radians(3 * mean + 6))
        - 0.20 * cos(radians(4 * mean - 63))
    )
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    rotation = -2 * sqrt(chroma**7 / (chroma**7 + 25**7)) * sin(radians(60 * exp(-(((mean - 275) / 25) ** 2))))
    by_lightness, by_chroma, by_hue = (l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h
    return sqrt(by_lightness**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


def _convert_to_lch(first: Color, second: Color) -> tuple[Color, Color]:
    """Return the lightness, chroma and hue of two colors, with the a axis stretched for pale colors."""
    mean = (hypot(*first[1:]) + hypot(*second[1:])) / 2
    stretch = 1.5 - 0.5 * sqrt(mean**7 / (mean**7 + 25**7))
    polar = [(light, hypot(a * stretch, b), degrees(atan2(b, a * stretch)) % 360) for light, a, b in (first, second)]
    return polar[0], polar[1]
