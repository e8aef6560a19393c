from django.apps import AppConfig


class DashboardsConfig(AppConfig):
    name = "dashboards"

    def ready(self) -> None:
        from dashboards.changelog.versions import increment_versions_of_user
        from dashboards.services.collaborators import end_collaborations
        from users.signals import membership_removing, user_profile_changed

        user_profile_changed.connect(increment_versions_of_user)
        membership_removing.connect(end_collaborations)
