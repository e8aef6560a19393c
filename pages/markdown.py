"""The text of a tile as HTML: Markdown without raw HTML and without images, and only addresses that are safe to follow.

Two nets, one behind the other: the parser takes no HTML from its input, and what it makes is cleaned by a list of what
is allowed.
"""

import re
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from dashboards.models.content import is_button_url

TAGS = {
    *("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "s", "a"),
    *("ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td"),
}
_TAG_OR_QUOTE = re.compile(r'<[^<>"]*(?:"[^"]*"[^<>"]*)*>|"')
# An image would tell its server who looks at the dashboard.
_parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"]).disable("image")


# Some texts take long to parse, and the same are shown to every visitor.
@lru_cache(maxsize=1024)
def as_html(text: str) -> SafeString:
    """What may be put into a page as it is."""
    clean = nh3.clean(
        _parser.render(text),
        tags=TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        attribute_filter=_safe_attribute,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return mark_safe(_TAG_OR_QUOTE.sub(_escaped, clean))  # noqa: S308  it was cleaned in the lines above


def _escaped(found: re.Match[str]) -> str:
    """Quotation marks outside of tags as entities: what looks like an attribute is none, for naive eyes too."""
    return "&quot;" if found[0] == '"' else found[0]


def _safe_attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href" and not (is_button_url(value) or value.startswith("mailto:")):
        return None
    return value
