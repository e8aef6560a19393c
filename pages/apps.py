from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The HTML pages. They use dashboards and users, which do not know them."""

    name = "pages"
