from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The configuration of the app with the HTML pages.

    This app depends on dashboards and users, which do not depend on it.
    """

    name = "pages"
