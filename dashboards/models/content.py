"""Content of tiles other than insights: texts and buttons. The same content can be on several dashboards."""

import re
import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from django.utils import timezone
from markdown_it import MarkdownIt

from users.models import Project

TEXT_MAX_LENGTH = 4000
BUTTON_URL_MAX_LENGTH = 2000
BUTTON_TEXT_MAX_LENGTH = 200


# An http or https URL, or a path on this site. Paths must not begin with `//` or `/\`, which lead to other sites.
_BUTTON_URL = re.compile(
    r"(https?://[^\s/?#\\]|/(?![/\\]))[^\s\\\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]*", re.IGNORECASE
)


def is_button_url(url: str) -> bool:
    """Return whether a button may have this URL: an http or https URL, or a path that begins with one slash."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return bool(_BUTTON_URL.fullmatch(url))


_markdown = MarkdownIt("commonmark")


def is_image(body: str) -> bool:
    """Return whether a string is exactly one image in Markdown, with a URL that a button may have."""
    tokens = [token for token in _markdown.parse(body) if token.type not in ("paragraph_open", "paragraph_close")]
    inline = tokens[0].children or [] if len(tokens) == 1 else []
    return len(inline) == 1 and inline[0].type == "image" and is_button_url(str(inline[0].attrGet("src")))


class Content(models.Model):
    """The columns that texts and buttons share: the authors, and the time of the last change."""

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    last_modified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    last_modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True


class Text(Content):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    body = models.TextField(null=True, blank=True)

    def __str__(self) -> str:
        return (self.body or "")[:40]


class ButtonPlacement(models.TextChoices):
    LEFT = "left"
    RIGHT = "right"


class ButtonStyle(models.TextChoices):
    PRIMARY = "primary"
    SECONDARY = "secondary"


class Button(Content):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=BUTTON_URL_MAX_LENGTH)
    text = models.CharField(max_length=BUTTON_TEXT_MAX_LENGTH)
    placement = models.CharField(max_length=8, choices=ButtonPlacement.choices, default=ButtonPlacement.LEFT)
    style = models.CharField(max_length=16, choices=ButtonStyle.choices, default=ButtonStyle.PRIMARY)

    def __str__(self) -> str:
        return self.text
