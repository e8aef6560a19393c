from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The HTML pages. This app depends on dashboards and users, but not vice versa."""

    name = "pages"
