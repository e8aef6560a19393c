"""The routes of all pages."""

from django.urls import path, re_path

from dashboards.shared_urls import PAGES, TOKEN, unlock_view
from pages.console.access import AccessView
from pages.console.account import AccountView
from pages.console.base import HomeView
from pages.console.dashboard import DashboardView
from pages.console.dashboards import DashboardListView
from pages.console.filters import FiltersView
from pages.console.history import HistoryView, VersionView
from pages.console.insight import InsightView
from pages.console.invitations import InvitationsView, InvitationView
from pages.console.keys import KeysView
from pages.console.members import MembersView
from pages.console.posthog_addresses import PostHogAddressView, PostHogProjectAddressView
from pages.console.project_settings import ProjectSettingsView
from pages.console.sign_in import SetupView, SignInView, SignOutView
from pages.console.templates import TemplatesView, TemplateView
from pages.console.tiles import TilesView
from pages.shared.views import DeadLinkView, SharedPageView

shared = [
    re_path(rf"^{step}/{TOKEN}\Z", SharedPageView.as_view(page_type=page_type, json_view=unlock_view))
    for step, page_type in PAGES.items()
]
# Truncated or mistyped share links.
dead_links = [re_path(rf"^(?:{'|'.join(PAGES)})(?:/[^.]*)?\Z", DeadLinkView.as_view())]
console = [
    path("", HomeView.as_view()),
    path("login", SignInView.as_view()),
    path("logout", SignOutView.as_view()),
    path("setup/<str:token>", SetupView.as_view()),
    path("invitations", InvitationsView.as_view()),
    path("invitations/<str:token>", InvitationView.as_view()),
    path("account", AccountView.as_view()),
    path("keys", KeysView.as_view()),
    path("projects/<str:project_id>/members", MembersView.as_view()),
    path("projects/<str:project_id>/settings", ProjectSettingsView.as_view()),
    path("projects/<str:project_id>/templates", TemplatesView.as_view()),
    path("projects/<str:project_id>/templates/<str:template_id>", TemplateView.as_view()),
    path("projects/<str:project_id>/dashboards", DashboardListView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>", DashboardView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/tiles", TilesView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/filters", FiltersView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/access", AccessView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/history", HistoryView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/versions/<str:version>", VersionView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/insights/<str:insight_id>", InsightView.as_view()),
]
# URLs of PostHog's pages.
posthog_addresses = [
    path("project/<str:project_id>", PostHogProjectAddressView.as_view()),
    path("project/<str:project_id>/", PostHogProjectAddressView.as_view()),
    path("project/<str:project_id>/<path:rest>", PostHogProjectAddressView.as_view()),
    path("projects/<str:project_id>", PostHogProjectAddressView.as_view()),
    path("projects/<str:project_id>/insights/<path:rest>", PostHogProjectAddressView.as_view(prefix="insights/")),
    *(
        path(f"{kind}{rest}", PostHogAddressView.as_view(kind=kind))
        for kind in ("dashboard", "insights")
        for rest in ("", "/", "/<path:reference>")
    ),
]
urlpatterns = [*shared, *dead_links, *console, *posthog_addresses]
