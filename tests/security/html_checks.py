"""The elements, attributes and URLs that pages may contain, regardless of their content."""

import re
from html.parser import HTMLParser

# Elements of rendered Markdown.
TEXT_ELEMENTS = {
    *((tag, "") for tag in ("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em")),
    *((tag, "") for tag in ("strong", "s", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td")),
    *(("a", name) for name in ("href", "title", "rel", "target")),
    ("ol", "start"),
}
# Attributes of options in forms.
FORM_ELEMENTS = {("input", "checked"), ("option", "selected")}
ADDRESSES = {"href", "src", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href"}
# Browsers remove these characters before they parse the scheme.
DROPPED = re.compile(r"^[\x00-\x20]+|[\t\r\n]")
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
SCHEMES = {"http", "https", "mailto"}
OTHER_HOST = re.compile(r"[/\\]{2}")
NOT_IN_STYLES = re.compile(r"url\(|@import|expression|[<\\]", re.IGNORECASE)


class HTMLCollector(HTMLParser):
    """A parser that collects the elements and attributes of a page, and its unsafe content."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.kinds: set[tuple[str, str]] = set()
        self.scripts = 0
        self.wrong: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag if tag in ("script", "style") else ""
        self.scripts += tag == "script"
        self.kinds.add((tag, ""))
        for name, value in attrs:
            self.kinds.add((tag, name))
            if name.startswith("on") or name == "srcdoc":
                self.wrong.append(f"attribute {name} of {tag}")
            if name in ADDRESSES and not is_safe_url(value or ""):
                self.wrong.append(f"URL {value} of {tag}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script" and data.strip():
            self.wrong.append(f"script {data[:100]}")
        if self.inside == "style" and NOT_IN_STYLES.search(data):
            self.wrong.append(f"style {data[:100]}")


def is_safe_url(address: str) -> bool:
    """Return whether a URL refers to this host or has a scheme that cannot execute code."""
    seen = DROPPED.sub("", address)
    scheme = SCHEME.match(seen)
    return scheme[1].lower() in SCHEMES if scheme else not OTHER_HOST.match(seen)


def find_violations(text: str, plain: HTMLCollector, written: object) -> list[str]:
    """Return the unsafe content of a page, and all elements that the page does not have with harmless content."""
    page = HTMLCollector(text)
    strange = sorted(page.kinds - plain.kinds - TEXT_ELEMENTS - FORM_ELEMENTS)
    found = page.wrong + [f"new {tag} {name}".strip() for tag, name in strange]
    if page.scripts > plain.scripts:
        found.append("more scripts")
    if isinstance(written, str) and re.search(r"<[a-z!/]", written, re.IGNORECASE) and written in text:
        found.append("raw markup")
    return found
