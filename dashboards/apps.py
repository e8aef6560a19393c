from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        from dashboards.changelog.counters import note_person
        from dashboards.services.collaborators import end_collaborations
        from users.signals import member_leaves, person_changed

        person_changed.connect(note_person)
        member_leaves.connect(end_collaborations)
