from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The HTML pages. They depend on dashboards and users, but not vice versa."""

    name = "pages"
