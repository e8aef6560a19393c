"""POST …/dashboards/:id/create_text_tile/ with `type: image`."""

from typing import Any

import pytest

from dashboards.models import Dashboard, Text, Tile
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard
from tests.client import Answer
from tests.pages.browsing import get_text, list_elements, visit


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice)


def create_image(person: Person, board: Dashboard, body: Any, type_: str = "image") -> Answer:
    return person.api.post(f"dashboards/{board.pk}/create_text_tile/", {"body": body, "type": type_})


@pytest.mark.parametrize(
    "body",
    [
        "![A chart](https://example.com/a.png)",
        "\n ![](/uploaded/a.png)\n",
        '![a *b*](http://example.com/a.png?b=1&c=2 "Title")',
        "![a](<https://example.com/a b.png>)",
    ],
)
def test_one_image_is_stored_as_sent(alice: Person, board: Dashboard, body: str) -> None:
    answer = create_image(alice, board, body)
    assert (answer.status, answer.json["text"]["body"]) == (201, body)
    assert Text.objects.get().body == body
    assert "Ignored-Fields" not in answer.headers


@pytest.mark.parametrize(
    "body",
    [
        "words",
        "https://example.com/a.png",
        "![a](https://example.com/a.png) words",
        "![a](https://example.com/a.png)![b](https://example.com/b.png)",
        "![a](https://example.com/a.png)\n\n![b](https://example.com/b.png)",
        "[![a](https://example.com/a.png)](https://example.com/)",
        "# ![a](https://example.com/a.png)",
        "- ![a](https://example.com/a.png)",
        "![a](javascript:alert(1))",
        "![a](data:image/png;base64,AAAA)",
        "![a](//example.com/a.png)",
        "![a]()",
        "<img src=https://example.com/a.png>",
    ],
)
def test_invalid_images_are_400(alice: Person, board: Dashboard, body: str) -> None:
    assert create_image(alice, board, body).error == (400, "validation_error", "invalid_input", "body")
    assert Tile.objects.count() == 0
    assert create_image(alice, board, body, "text").status == 201


def test_unknown_type_is_400(alice: Person, board: Dashboard) -> None:
    answer = alice.api.call(
        "POST", f"dashboards/{board.pk}/create_text_tile/", {"body": "x", "type": "video"}, documented=False
    )
    assert answer.error == (400, "validation_error", "invalid_choice", "type")


def test_page_links_to_the_image_without_loading_it(alice: Person, board: Dashboard) -> None:
    create_image(alice, board, '![A "chart"](https://example.com/a.png?b=1&c=2)')
    page = visit(f"/shared/{share(alice, board)}")
    assert ("a", "https://example.com/a.png?b=1&c=2") in [
        (tag, attrs.get("href")) for tag, attrs in list_elements(page)
    ]
    assert ">A &quot;chart&quot;</a>" in get_text(page)
    assert "<img" not in get_text(page)
