from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The HTML pages. They depend on dashboards and users, and not the other way round."""

    name = "pages"
