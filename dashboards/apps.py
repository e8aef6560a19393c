from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        from dashboards.services.revisions import note_person
        from users.signals import person_changed

        person_changed.connect(note_person)
