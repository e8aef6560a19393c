"""Links in texts and descriptions. The search for links takes linear time."""

import re
import time

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from pages.components.links import LINKED_MAX_LENGTH, find_addresses, linkify
from pages.components.markdown import MAX_PARSED_CHARACTERS, render_markdown
from tests.builders import Person, make_dashboard, make_insight
from tests.pages.browsing import get_dashboard_path, get_text, list_elements

LINK = re.compile(r'<a href="([^"]*)"[^>]*>([^<]*)</a>')


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Visit https://www.example.com.", [("https://www.example.com", "https://www.example.com")]),
        ("(see http://a.example/x_(y))", [("http://a.example/x_(y)", "http://a.example/x_(y)")]),
        ("www.example.com/?a=1&b=2!", [("https://www.example.com/?a=1&amp;b=2", "www.example.com/?a=1&amp;b=2")]),
        ("HTTPS://A.example, b", [("HTTPS://A.example", "HTTPS://A.example")]),
        ("ask dora+x@mail.example.com.", [("mailto:dora+x@mail.example.com", "dora+x@mail.example.com")]),
        ("http://localhost:8000/a", [("http://localhost:8000/a", "http://localhost:8000/a")]),
        ("https://müller.example/ü", None),
        ("https://a.example https://b.example", [("https://a.example",) * 2, ("https://b.example",) * 2]),
        ("https:// http://. www. www.. a@b a@b.c1 @a.example x@y.z/", []),
        ("ahttps://a.example xwww.a.example javascript:alert(1) ftp://a.example //a.example", []),
        ("https://[x https://a@b] data:text/html,x", []),
    ],
)
def test_urls_become_links(text: str, links: list[tuple[str, str]] | None) -> None:
    found = LINK.findall(linkify(text))
    in_markdown = LINK.findall(render_markdown(text))
    if links is None:
        assert len(found) == len(in_markdown) == 1
        return
    assert found == in_markdown == links


def test_links_and_code_are_unchanged() -> None:
    html = render_markdown(
        "[https://a.example](/path) `https://b.example` <https://c.example>\n\n    https://d.example"
    )
    assert [href for href, _ in LINK.findall(html)] == ["/path", "https://c.example"]
    assert (
        LINK.findall(render_markdown("![see https://a.example](https://b.example/x.png)"))[0][0]
        == "https://b.example/x.png"
    )
    assert 'rel="noopener noreferrer nofollow" target="_blank"' in linkify("https://a.example")
    assert 'rel="noopener noreferrer nofollow"' in render_markdown("https://a.example")
    assert 'target="_blank"' in render_markdown("https://a.example")


def test_task_list_items_become_checkboxes() -> None:
    html = render_markdown("- [ ] one\n- [x] two *now*\n- [X] three\n- [y] four\n\n[ ] five")
    for shown in ("\u2610 one", "\u2611 two <em>now</em>", "\u2611 three", "[y] four", "[ ] five"):
        assert shown in html
    assert "\u2610 a" in render_markdown("1. [ ] a\n\n   b")


def test_descriptions_contain_links(alice: Person, browser: Client) -> None:
    text = 'See https://a.example/?q="<b> or dora@example.com'
    board = make_dashboard(alice, description=text)
    make_insight(alice, board, description=text)
    assert alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True}).status == 200
    token = alice.api.get(f"dashboards/{board.pk}/sharing/").json["access_token"]
    for page in (browser.get(get_dashboard_path(board)), Client().get(f"/shared/{token}")):
        hrefs = [attrs.get("href") for tag, attrs in list_elements(page) if tag == "a"]
        assert hrefs.count("https://a.example/?q=") == hrefs.count("mailto:dora@example.com") == 2
        assert "&quot;&lt;b&gt; or" in get_text(page)


PIECES = st.sampled_from(
    ["https://", "www.", "@", ".", "a", "(", ")", '"', "<", ">", "'", "&", "javascript:", "\n", "["]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=40).map("".join))
def test_links_lead_only_to_the_web_for_any_input(text: str) -> None:
    html = linkify(text)
    for href, shown in LINK.findall(html):
        assert href.startswith(("https://", "http://", "mailto:", "HTTP"))
        assert shown in href
    plain = LINK.sub(r"\2", html)
    assert "<" not in plain
    spans = [(found.start, found.end) for found in find_addresses(text)]
    assert all(start < end for start, end in spans)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    "piece",
    [
        ".",
        "@",
        "www.",
        "a.",
        "a@",
        "a@a.",
        "https://",
        "https://a.b/((",
        "https://a.b/)",
        "a@b.co ",
        "a-",
        "a" * 64 + "@",
    ],
)
def test_cost_is_linear_in_the_text(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * size)[:size]
        started = time.process_time()
        list(find_addresses(text))
        return time.process_time() - started

    assert any(seconds(1_000_000) < 2 for _ in range(3))
    started = time.process_time()
    render_markdown((piece * MAX_PARSED_CHARACTERS)[:MAX_PARSED_CHARACTERS])
    assert time.process_time() - started < 10


def test_long_description_is_shown_as_written() -> None:
    text = "https://a.example " + "x" * LINKED_MAX_LENGTH
    assert linkify(text) == text
