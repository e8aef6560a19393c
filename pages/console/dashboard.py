"""The page of one dashboard: viewing it and its results, editing, sharing, copying and deleting it."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.timezone import now

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound
from dashboards.input_validation import validate_dashboard_input
from dashboards.models import PrivilegeLevel
from dashboards.models.sharing_configuration import SHARE_NOTE_MAX_LENGTH, THEMES
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.readers.folders import list_dashboard_folders
from dashboards.readers.sharing import read_sharing
from dashboards.services.dashboards import create_dashboard, update_dashboard
from dashboards.services.inputs import SharingInput
from dashboards.services.share_passwords import (
    HashedPassword,
    add_share_password,
    hash_share_password,
    remove_share_password,
)
from dashboards.services.sharing import refresh_sharing, update_sharing
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.components.reloading import PARAMETER, plan_reload
from pages.components.results import Clock
from pages.components.tile_grid import build_tile_grid
from pages.console.base import ConsoleView
from pages.console.dashboard_forms import redirect_to_dashboard, write_dashboard
from pages.console.edit_form import build_body, form_fields, get_edits
from queries.readers.results import PAGE_CHARACTERS_MAX
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Membership

# The checkboxes for the settings of a shared page.
SETTINGS = (
    ("noHeader", "Hide title and description"),
    ("whitelabel", "Hide the footer"),
    ("hideExtraDetails", "Hide descriptions and insight kinds"),
    ("hideQueries", "Hide queries, in the JSON too"),
    ("detailed", "Show the data behind charts, and queries"),
)

CHANGED_SINCE = (
    "This dashboard has changed since you opened it. You now see its latest version: save again to apply your changes."
)


class DashboardView(ConsoleView):
    """The page of one dashboard. Its forms name an `action`."""

    new_password: HashedPassword | None = None

    def prepare(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse | None:
        action = request.POST.get("action")
        if action not in ("add-password", "sharing"):
            return None
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        is_first = action == "sharing"
        if is_first and not self.asks_for_first_password(membership, number):
            return None
        try:
            self.new_password = hash_share_password(
                number, project=membership.project, text=None, member=membership, is_first=is_first
            )
        except ValidationFailed as error:
            return self.dashboard(membership, number, {"error": error.detail}, status=400)
        return None

    def asks_for_first_password(self, membership: Membership, number: int) -> bool:
        """Return whether the form requires a password while there is none, which would lock everyone out."""
        if "password_required" not in self.request.POST:
            return False
        sharing = to_plain_json(read_sharing(number, project=membership.project, viewer=membership))
        return bool(sharing["enabled"] and not sharing["share_passwords"])

    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.dashboard(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        if request.POST.get("action") == "compute":
            return self.compute(membership, number)
        try:
            return write_dashboard(request, membership, number, partial(self.act, membership, number))
        except ValidationFailed as error:
            return self.dashboard(membership, number, {"error": error.detail, "draft": self.draft}, status=400)
        except VersionConflict:
            return self.dashboard(membership, number, {"error": CHANGED_SINCE, "draft": self.draft}, status=409)

    def compute(self, membership: Membership, number: int) -> HttpResponse:
        """Queue all results of the dashboard, and redirect to its page, which then loads itself again."""
        results = Results(membership.project, RefreshRequest(Refresh.FORCE_ASYNC))
        read_dashboard_revision(number, project=membership.project, viewer=membership, results=results)
        return HttpResponseRedirect(f"{self.request.path}?{PARAMETER}=0", status=303)

    @property
    def draft(self) -> dict[str, str]:
        """Return the changed fields of the form, to be shown again after an error."""
        return get_edits(self.request.POST) if self.request.POST.get("action") == "edit" else {}

    def act(self, membership: Membership, number: int, changes: ChangeSet) -> HttpResponse:
        project, form = membership.project, self.request.POST
        action = form.get("action", "")
        if action == "duplicate":
            copy = validate_dashboard_input(
                {"name": form.get("name", ""), "use_dashboard": number, "duplicate_tiles": True}
            )
            made, _ = create_dashboard(changes, project, content=copy)
            return redirect_to_dashboard(membership, made.pk)
        if action == "delete":
            update_dashboard(changes, number, project=project, content={"deleted": True})
            return HttpResponseRedirect(f"/projects/{project.pk}/dashboards", status=303)
        if action == "edit":
            content = validate_dashboard_input(build_body(get_edits(form)))
            update_dashboard(changes, number, project=project, content=content)
            return redirect_to_dashboard(membership, number)
        self.share(action, membership, number, changes)
        shown = self.add_password(membership, number, changes)
        return shown or redirect_to_dashboard(membership, number, panel="share")

    def share(self, action: str, membership: Membership, number: int, changes: ChangeSet) -> None:
        project, form = membership.project, self.request.POST
        if action in ("enable", "disable"):
            enabled = action == "enable"
            update_sharing(changes, number, project=project, content={"enabled": enabled})
        elif action == "sharing":
            content = self.sharing_input(number, membership)
            update_sharing(changes, number, project=project, content=content)
        elif action == "refresh":
            refresh_sharing(changes, number, project=project)
        elif action == "remove-password":
            password_id = parse_int(form.get("password")) or 0
            remove_share_password(changes, number, project=project, password_id=password_id)
        elif action != "add-password":
            raise ValidationFailed("There is no such action.")

    def add_password(self, membership: Membership, number: int, changes: ChangeSet) -> HttpResponse | None:
        """Store the password that `prepare` hashed, if any, and show it once."""
        if self.new_password is None:
            return None
        note = self.request.POST.get("note", "")[:SHARE_NOTE_MAX_LENGTH]
        add_share_password(changes, number, project=membership.project, hashed=self.new_password, note=note)
        return self.show(f"{self.request.path}?panel=share", new_password=self.new_password.text)

    def sharing_input(self, number: int, membership: Membership) -> SharingInput:
        """Return the sharing settings of the form. Settings without a field in the form are kept."""
        form = self.request.POST
        stored = read_sharing(number, project=membership.project, viewer=membership)["settings"]
        settings = {**(to_plain_json(stored) or {}), **{name: name in form for name, _ in SETTINGS}}
        theme = form.get("theme", "")
        if theme not in THEMES:
            raise ValidationFailed("There is no such theme.", attr="theme")
        return {"password_required": "password_required" in form, "settings": {**settings, "theme": theme}}

    def dashboard(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        project = membership.project
        results = Results(project, RefreshRequest(Refresh.LAZY_ASYNC), characters_max=PAGE_CHARACTERS_MAX)
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership, results=results)
        tile_grid = build_tile_grid(dashboard["tiles"], Clock(now(), ZoneInfo(project.timezone), has_ages=True))
        # A page that shows older results loads itself only after a refresh: its forms may be in use.
        is_watched = PARAMETER in self.request.GET or tile_grid.has_gaps
        is_automatic = is_watched and "panel" not in self.request.GET
        around = {
            "project": project,
            "reload": plan_reload(self.request, is_automatic=is_automatic),
            "dashboard": dashboard,
            "tile_grid": tile_grid,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
            "sharing": to_plain_json(read_sharing(number, project=project, viewer=membership)),
            "settings": SETTINGS,
            "themes": THEMES,
            "base": self.base,
            "version": versions.revision,
            "panel": self.request.GET.get("panel"),
            "folders": list_dashboard_folders(project),
        }
        around["was"] = form_fields(dashboard)
        around["draft"] = {**around["was"], **(context or {}).pop("draft", {})}
        response = self.page("pages/console/dashboard.html", {**around, **(context or {})}, status=status)
        response._csp_update["style-src"] = [tile_grid.style_hash]  # type: ignore[attr-defined]  # of django-csp
        return response
