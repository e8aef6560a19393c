from django.apps import AppConfig


class DashboardsApiConfig(AppConfig):
    name = "dashboards_api"
