"""Images of charts, each of which is rendered in a separate process with limits."""

import struct

import pytest

from dashboards.readers.insight_files import ImageSize
from dashboards_api.errors import Unavailable
from pages.components import images
from pages.components.images import FONTS, draw_png

SIZE = ImageSize(320, 240)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="240" font-family="DejaVu Sans">{}</svg>'


def test_picture_has_its_size_and_its_text() -> None:
    empty, text = draw_png(SVG.format(""), SIZE), draw_png(SVG.format('<text x="9" y="90">Größe</text>'), SIZE)
    assert struct.unpack(">II", text[16:24]) == SIZE
    assert len(text) > len(empty)


def test_fonts_of_the_service_are_there_with_their_license() -> None:
    assert {path.suffix for path in FONTS.iterdir()} == {".ttf", ""}
    assert "Bitstream Vera" in (FONTS / "LICENSE").read_text()


def test_text_that_is_no_svg_is_unavailable() -> None:
    with pytest.raises(Unavailable) as raised:
        draw_png("not an image", SIZE)
    assert raised.value.code == "image_failed"


def test_slow_picture_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SECONDS", 0.001)
    with pytest.raises(Unavailable) as raised:
        draw_png(SVG.format(""), SIZE)
    assert raised.value.code == "image_timeout"


def test_pictures_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "SECONDS_TO_WAIT", 0.01)
    for _ in range(images.PROCESSES):
        assert images._slots.acquire(timeout=1)
    try:
        with pytest.raises(Unavailable) as raised:
            draw_png(SVG.format(""), SIZE)
    finally:
        images._slots.release(images.PROCESSES)
    assert raised.value.code == "too_many_images"
    assert draw_png(SVG.format(""), SIZE)


def test_picture_sees_no_secrets_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    assert draw_png(SVG.format(""), SIZE)
