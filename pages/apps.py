from django.apps import AppConfig


class PagesConfig(AppConfig):
    """What a person sees. It knows dashboards and users, and neither knows it."""

    name = "pages"
