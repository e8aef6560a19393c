"""Every page, as a table."""

from django.urls import path, re_path

from dashboards.shared_urls import PAGES, TOKEN
from pages.account import AccountView
from pages.console import HomeView, SetupView, SignInView, SignOutView
from pages.dashboards import DashboardListView, DashboardView
from pages.elsewhere import AddressView, ProjectAddressView
from pages.history import HistoryView
from pages.invitations import InvitationsView, InvitationView
from pages.keys import KeysView
from pages.members import MembersView
from pages.tiles import TilesView
from pages.views import SharedPageView

shared = [
    re_path(rf"^{step}/{TOKEN}\Z", SharedPageView.as_view(page_type=page_type)) for step, page_type in PAGES.items()
]
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
    path("projects/<str:project_id>/dashboards", DashboardListView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>", DashboardView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/tiles", TilesView.as_view()),
    path("projects/<str:project_id>/dashboards/<str:id>/history", HistoryView.as_view()),
]
# Of PostHog's pages.
elsewhere = [
    path("project/<str:project_id>", ProjectAddressView.as_view()),
    path("project/<str:project_id>/", ProjectAddressView.as_view()),
    path("project/<str:project_id>/<path:rest>", ProjectAddressView.as_view()),
    path("projects/<str:project_id>", ProjectAddressView.as_view()),
    path("projects/<str:project_id>/insights/<path:rest>", ProjectAddressView.as_view(prefix="insights/")),
    *(
        path(f"{kind}{rest}", AddressView.as_view(kind=kind))
        for kind in ("dashboard", "insights")
        for rest in ("", "/", "/<path:reference>")
    ),
]
urlpatterns = [*shared, *console, *elsewhere]
