"""The filter of texts that are plain but for the addresses in them."""

from django import template

from pages import links

register = template.Library()
register.filter("with_links", links.with_links)
