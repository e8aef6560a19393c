"""Markdown rendered as safe HTML: no raw HTML, images as links, and only safe URLs.

Two layers protect pages: the parser accepts no HTML, and its output is sanitized with an allowlist of tags.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from dashboards.models.content import is_button_url
from pages.components.links import find_addresses

TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
# The limits of one page. Parsing takes up to 20 microseconds for each character that may be markup, and almost no time
# for letters.
MAX_PARSED_CHARACTERS = 200_000
MAX_MARKUP_CHARACTERS = 30_000
_MARKUP = re.compile(r"[^\w ]|_")
# The maximum number of characters in the cache, for texts and HTML together.
MAX_CACHED_CHARACTERS = 10_000_000
# The parser pads every row of a table to the length of its head, which takes quadratic time.
MAX_CELLS = 2_000

# The markers of tasks in lists, and the characters that replace the markers.
BOXES = {"[ ] ": "\u2610", "[x] ": "\u2611", "[X] ": "\u2611"}

_TAG_OR_QUOTE = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>|"')


class _Renderer(RendererHTML):
    """A renderer that shows images as links, because loading an image would reveal the viewer to the image's server."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        alt = escapeHtml(self.renderInlineAsText(token.children, options, env) if token.children else "") or "Image"
        before = [each.nesting for each in tokens[:idx] if each.type in ("link_open", "link_close")]
        return alt if sum(before) else f'<a href="{escapeHtml(str(token.attrGet("src")))}">{alt}</a>'


def _build_parser(*rules: str) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer).enable(list(rules))
    parser.core.ruler.push("boxes", _add_task_boxes)
    parser.core.ruler.push("addresses", _link_addresses)
    return parser


def _add_task_boxes(state: StateCore) -> None:
    """Replace `[ ]` and `[x]` at the beginning of list items with boxes."""
    for index, token in enumerate(state.tokens[2:], start=2):
        in_item = state.tokens[index - 2].type == "list_item_open" and state.tokens[index - 1].type == "paragraph_open"
        if in_item and token.children and token.children[0].type == "text":
            first = token.children[0]
            if first.content[:4] in BOXES:
                first.content = f"{BOXES[first.content[:4]]} {first.content[4:]}"


def _link_addresses(state: StateCore) -> None:
    """Turn the URLs and e-mail addresses in text into links, except in links and code."""
    for token in state.tokens:
        if token.type != "inline" or not token.children:
            continue
        depth, children = 0, []
        for child in token.children:
            depth += child.nesting if child.type in ("link_open", "link_close") else 0
            children += _split_at_addresses(child) if child.type == "text" and not depth else [child]
        token.children = children


def _split_at_addresses(text: Token) -> list[Token]:
    """Split a text token into links and the strings between them."""
    parts, start = [], 0
    for found in find_addresses(text.content):
        shown = text.content[found.start : found.end]
        parts += [
            _build_text_token(text.content[start : found.start]),
            Token("link_open", "a", 1, attrs={"href": found.href}),
        ]
        parts += [_build_text_token(shown), Token("link_close", "a", -1)]
        start = found.end
    return [*parts, _build_text_token(text.content[start:])] if parts else [text]


def _build_text_token(content: str) -> Token:
    return Token("text", "", 0, content=content)


_with_tables = _build_parser("strikethrough", "table")
_without_tables = _build_parser("strikethrough")


def render_texts(texts: Iterable[str]) -> list[SafeString]:
    """Return the texts of one page as HTML. Texts beyond the limits are shown as plain text."""
    characters, markup, shown = MAX_PARSED_CHARACTERS, MAX_MARKUP_CHARACTERS, []
    for text in texts:
        characters -= len(text)
        markup -= len(_MARKUP.findall(text))
        fits = characters >= 0 and markup >= 0
        shown.append(render_markdown(text) if fits else format_html('<p class="lead">{}</p>', text))
    return shown


class _Cache:
    """A thread-safe LRU cache of the HTML of texts, up to a total size."""

    def __init__(self) -> None:
        self._html: OrderedDict[str, SafeString] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, text: str) -> SafeString | None:
        with self._lock:
            if (html := self._html.get(text)) is not None:
                self._html.move_to_end(text)
            return html

    def put(self, text: str, html: SafeString) -> None:
        with self._lock:
            if text in self._html:
                return
            self._html[text] = html
            self._size += len(text) + len(html)
            while self._size > MAX_CACHED_CHARACTERS:
                self._size -= sum(map(len, self._html.popitem(last=False)))


_cache = _Cache()


def render_markdown(text: str) -> SafeString:
    """Return Markdown as safe HTML. The HTML is cached, because every visitor sees the same texts."""
    if (html := _cache.get(text)) is None:
        html = _render(text)
        _cache.put(text, html)
    return html


def _render(text: str) -> SafeString:
    lines = text.split("\n")
    is_small = len(lines) * max(line.count("|") for line in lines) <= MAX_CELLS
    clean = nh3.clean(
        (_with_tables if is_small else _without_tables).render(text),
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=_filter_attribute,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(_TAG_OR_QUOTE.sub(_escape_quote, clean))  # noqa: S308  the HTML was sanitized above


def _escape_quote(found: re.Match[str]) -> str:
    """Escape a quotation mark outside tags, so that simple tools do not mistake text for an attribute."""
    return "&quot;" if found[0] == '"' else found[0]


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href" and not (is_button_url(value) or value.startswith("mailto:")):
        return None
    return value
