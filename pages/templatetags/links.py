"""The `linkify` filter, which turns URLs in plain text into links."""

from django import template

from pages.components import links

register = template.Library()
register.filter("linkify", links.linkify)
