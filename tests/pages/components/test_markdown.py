"""Markdown of text tiles as HTML."""

import re
import time
from html.parser import HTMLParser

import pytest
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from pages.components import markdown
from pages.components.markdown import TAGS, render_markdown, render_texts


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c** ~~d~~ `e`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e</code></p>\n"),
        ("# A\n\n- b\n- c", "<h1>A</h1>\n<ul>\n<li>b</li>\n<li>c</li>\n</ul>\n"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>\n'),
        ("a\nb", "<p>a<br>\nb</p>\n"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("    x < y", "<pre><code>x &lt; y\n</code></pre>\n"),
        ('<b>no</b> "quotes" & more', "<p>&lt;b&gt;no&lt;/b&gt; &quot;quotes&quot; &amp; more</p>\n"),
        ("", ""),
    ],
)
def test_markdown_is_rendered_as_html(text: str, html: str) -> None:
    assert render_markdown(text) == html


@pytest.mark.parametrize("href", ["https://a.example/?b=1", "http://a.example", "/path", "mailto:a@example.com"])
def test_safe_urls_become_links(href: str) -> None:
    found = re.search(r"<a ([^>]*)>", render_markdown(f'[x]({href} "a title")'))
    assert found is not None
    for part in (f'href="{href}"', 'title="a title"', 'rel="noopener noreferrer nofollow"', 'target="_blank"'):
        assert part in found[1]


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "JAVASCRIPT:x", "java&#10;script:x", "data:text/html,x", "//evil.example", "ftp://x", "#a"],
)
def test_unsafe_urls_become_no_links(href: str) -> None:
    assert "href" not in render_markdown(f"[x]({href})").replace(f"({href})", "")


def test_table_is_rendered_unless_it_would_grow_large() -> None:
    assert "<td>1</td>" in render_markdown("|a|\n|-|\n|1|")
    head = "|a" * 100 + "\n" + "|-" * 100 + "\n"
    assert "<table>" in render_markdown(head + "|\n" * 10)
    assert "<table>" not in render_markdown(head + "|\n" * 50)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a *chart*](https://a.example/pixel.png)", "a chart"),
        ("![](/pixel.png)", "Image"),
        ("[![a badge](https://a.example/b.png)](https://a.example/)", "a badge"),
        ('![<b>"](/pixel.png)', "&lt;b&gt;&quot;"),
    ],
)
def test_image_is_rendered_as_a_link(text: str, shown: str) -> None:
    html = render_markdown(text)
    assert html.count("<a ") == html.count("</a>") == 1
    assert f">{shown}</a>" in html
    assert "<img" not in html


def test_image_with_an_unsafe_url_becomes_no_link() -> None:
    assert "href" not in render_markdown("![x](//evil.example/a.png)")


def test_too_much_text_for_one_page_is_shown_as_written() -> None:
    texts = [f"*{number}* {'x' * 3990}" for number in range(60)]
    shown = render_texts([*texts, "<i>*a*"])
    assert shown[0].startswith("<p><em>0</em>")
    assert [html.startswith("<p><em>") for html in shown].count(True) == 50
    assert shown[-1] == '<p class="lead">&lt;i&gt;*a*</p>'


def test_page_of_expensive_markup_takes_less_than_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    brackets = "[" * 3990
    costly = [brackets, "a\n" * 1990, "- a\n" * 990, "*a*b" * 990, "_a_b" * 990, "a\n\n" * 1330, "|a|b|\n|-|-|\n" * 300]
    for text in costly:
        texts = [f"{number}\n{text}" for number in range(60)]
        assert any(measure_seconds(texts, monkeypatch) < 2 for _ in range(4))
        shown = render_texts(texts)
        assert shown[-1].startswith('<p class="lead">59')
        assert not shown[0].startswith('<p class="lead">')


def measure_seconds(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> float:
    """Return the CPU time of rendering texts with an empty cache."""
    monkeypatch.setattr(markdown, "_cache", markdown._Cache())
    started = time.process_time()
    render_texts(texts)
    return time.process_time() - started


def test_cache_keeps_the_latest_texts_up_to_a_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "MAX_CACHED_CHARACTERS", 90)
    cache = markdown._Cache()
    for name in ("first", "second", "third"):
        cache.put(name, SafeString(name * 5))
        cache.put(name, SafeString("twice"))
        assert cache.get("first") == "first" * 5  # makes `second` the least recently used text, which is evicted
    assert (cache.get("second"), cache.get("third")) == (None, "third" * 5)
    cache.put("large", SafeString("x" * 200))
    assert [cache.get(name) for name in ("first", "third", "large")] == [None, None, None]


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


PIECES = st.sampled_from(
    [
        "<",
        ">",
        '"',
        "'",
        "&",
        "[",
        "]",
        "(",
        ")",
        "!",
        "script",
        "a",
        " href=",
        "javascript:",
        "onerror=",
        "\n",
        "`",
        "*",
        "/",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=30))
def test_only_allowed_html_is_produced_for_any_input(pieces: list[str]) -> None:
    found = _Tags(render_markdown("".join(pieces)))
    assert found.tags <= TAGS
    assert found.attributes <= {"href", "title", "rel", "target", "start"}
