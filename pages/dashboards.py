"""The pages of dashboards: a list to find them in, and one to look at, edit, share and delete."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from rest_framework.exceptions import ValidationError

from dashboards.folders import is_folder, normalize_folder
from dashboards.models import PrivilegeLevel
from dashboards.models.sharing_configuration import SHARE_NOTE_MAX_LENGTH
from dashboards.path_ids import parse_dashboard_id
from dashboards.readers.dashboard_list import ListQuery, list_dashboards
from dashboards.readers.dashboards import read_revision
from dashboards.readers.folders import dashboard_folders
from dashboards.readers.sharing import read_sharing
from dashboards.serializers.dashboards import DashboardRequestSerializer
from dashboards.services.dashboards import at_version, create_dashboard, update_dashboard
from dashboards.services.inputs import DashboardInput, SharingInput
from dashboards.services.share_passwords import (
    HashedPassword,
    add_share_password,
    hash_share_password,
    remove_share_password,
)
from dashboards.services.sharing import refresh_sharing, update_sharing
from dashboards.views.parameters import SEARCH_MAX_LENGTH
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import Invalid, Stale
from dashboards_api.numbers import whole_number
from pages.boards import board_of
from pages.console import ConsoleView
from pages.editing import body_of, edits_in, opened
from users.models import Membership

PAGE_SIZE = 50
# What can be ticked of a shared page.
SETTINGS = (
    ("noHeader", "Hide title and description"),
    ("whitelabel", "Hide the footer"),
    ("hideExtraDetails", "Hide descriptions and insight kinds"),
    ("hideQueries", "Hide queries, in the JSON too"),
    ("detailed", "Show the data behind charts, and queries"),
)
CHANGED_SINCE = "Somebody changed this dashboard since you opened it. This is how it is now: save again to go on."
THEMES = ("system", "light", "dark")


class DashboardListView(ConsoleView):
    """The dashboards of a project, or its trash."""

    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        return self.list(self.enter(project_id))

    def post(self, request: HttpRequest, project_id: str) -> HttpResponse:
        """Make one, or bring one back from the trash."""
        membership = self.enter(project_id)
        if id_ := request.POST.get("restore"):
            number = parse_dashboard_id(id_)
            restored: DashboardInput = {"deleted": False}
            update_dashboard(number, project=membership.project, changes=restored, edited_by=membership)
            return see(membership, number)
        try:
            content = checked({name: request.POST.get(name, "") for name in ("name", "folder")})
            made, _ = create_dashboard(membership.project, content=content, created_by=membership)
        except Invalid as error:
            return self.list(membership, {"error": error.detail}, status=400)
        return see(membership, made.pk)

    def list(self, membership: Membership, context: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
        asked = self.request.GET
        search, tag = (asked.get(name, "").replace("\0", "")[:SEARCH_MAX_LENGTH] for name in ("search", "tag"))
        folder = folder_in(asked.get("folder", "").replace("\0", ""))
        pinned, trash = asked.get("pinned") == "true", asked.get("trash") == "true"
        offset = whole_number(asked.get("offset")) or 0
        count, rows, *_ = list_dashboards(
            membership.project,
            viewer=membership,
            query=ListQuery(
                search=search, pinned=pinned or None, tags=(tag.lower(),) if tag else (), folder=folder, deleted=trash
            ),
            limit=PAGE_SIZE,
            offset=offset,
        )
        following = offset + (len(rows) or PAGE_SIZE)
        query = {"search": search, "tag": tag, "folder": folder, "pinned": pinned and "true", "trash": trash and "true"}
        kept = {name: value for name, value in query.items() if value}
        around = {
            "project": membership.project,
            "dashboards": rows,
            "count": count,
            "search": search,
            "tag": tag,
            "folder": folder,
            "folders": dashboard_folders(membership.project),
            "pinned": pinned,
            "trash": trash,
            "can_edit_level": PrivilegeLevel.CAN_EDIT,
            "first": offset + 1,
            "last": offset + len(rows),
            "next": urlencode({**kept, "offset": following}) if following < count else "",
            "previous": urlencode({**kept, "offset": max(0, offset - PAGE_SIZE)}) if offset else "",
        }
        return self.page("pages/dashboards.html", {**around, **(context or {})}, status=status)


class DashboardView(ConsoleView):
    """One dashboard. What can be done with it is done by a form that names its `action`."""

    new_password: HashedPassword | None = None

    def prepare(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse | None:
        action = request.POST.get("action")
        if action not in ("add-password", "sharing"):
            return None
        membership, number = self.enter(project_id), parse_dashboard_id(id)
        is_first = action == "sharing"
        if is_first and not self.asks_for_first_password(membership, number):
            return None
        try:
            self.new_password = hash_share_password(
                number, project=membership.project, text=None, member=membership, is_first=is_first
            )
        except Invalid as error:
            return self.dashboard(membership, number, {"error": error.detail}, status=400)
        return None

    def asks_for_first_password(self, membership: Membership, number: int) -> bool:
        """Return whether a password is to be required while there is none: the link would open for nobody."""
        if "password_required" not in self.request.POST:
            return False
        sharing = to_plain_json(read_sharing(number, project=membership.project, viewer=membership))
        return bool(sharing["enabled"] and not sharing["share_passwords"])

    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.dashboard(self.enter(project_id), parse_dashboard_id(id))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_dashboard_id(id)
        try:
            with as_seen(request, membership, number):
                response = self.act(request.POST.get("action", ""), membership, number)
            # A change of its own: the form is about one version.
            return self.add_password(membership, number) or response
        except Invalid as error:
            return self.dashboard(membership, number, {"error": error.detail, "draft": self.draft}, status=400)
        except Stale:
            return self.dashboard(membership, number, {"error": CHANGED_SINCE, "draft": self.draft}, status=409)

    @property
    def draft(self) -> dict[str, str]:
        """What was changed in the form, to be looked at again."""
        return edits_in(self.request.POST) if self.request.POST.get("action") == "edit" else {}

    def act(self, action: str, membership: Membership, number: int) -> HttpResponse:
        project, form = membership.project, self.request.POST
        if action == "duplicate":
            copy = checked({"name": form.get("name", ""), "use_dashboard": number, "duplicate_tiles": True})
            made, _ = create_dashboard(project, content=copy, created_by=membership)
            return see(membership, made.pk)
        if action == "delete":
            update_dashboard(number, project=project, changes={"deleted": True}, edited_by=membership)
            return HttpResponseRedirect(f"/projects/{project.pk}/dashboards", status=303)
        if action == "edit":
            changes = checked(body_of(edits_in(form)))
            update_dashboard(number, project=project, changes=changes, edited_by=membership)
            return see(membership, number)
        return self.share(action, membership, number)

    def share(self, action: str, membership: Membership, number: int) -> HttpResponse:
        project, form = membership.project, self.request.POST
        if action in ("enable", "disable"):
            enabled = action == "enable"
            update_sharing(number, project=project, changes={"enabled": enabled}, updated_by=membership)
        elif action == "sharing":
            changes = self.sharing_changes(number, membership)
            update_sharing(number, project=project, changes=changes, updated_by=membership)
        elif action == "refresh":
            refresh_sharing(number, project=project, refreshed_by=membership)
        elif action == "remove-password":
            password_id = whole_number(form.get("password")) or 0
            remove_share_password(number, project=project, password_id=password_id, removed_by=membership)
        elif action != "add-password":  # that is done afterwards, as a change of its own
            raise Invalid("There is no such action.")
        return see(membership, number, panel="share")

    def add_password(self, membership: Membership, number: int) -> HttpResponse | None:
        """Store the password that was hashed before, if one was, and show it."""
        if self.new_password is None:
            return None
        note = self.request.POST.get("note", "")[:SHARE_NOTE_MAX_LENGTH]
        add_share_password(number, project=membership.project, hashed=self.new_password, note=note, added_by=membership)
        return self.show(f"{self.request.path}?panel=share", new_password=self.new_password.text)

    def sharing_changes(self, number: int, membership: Membership) -> SharingInput:
        """What the form says of a shared page; settings that it does not have stay."""
        form = self.request.POST
        stored = read_sharing(number, project=membership.project, viewer=membership)["settings"]
        settings = {**(to_plain_json(stored) or {}), **{name: name in form for name, _ in SETTINGS}}
        theme = form.get("theme", "")
        if theme not in THEMES:
            raise Invalid("There is no such theme.", attr="theme")
        return {"password_required": "password_required" in form, "settings": {**settings, "theme": theme}}

    def dashboard(
        self, membership: Membership, number: int, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        revision, dashboard = read_revision(number, project=membership.project, viewer=membership)
        board = board_of(dashboard["tiles"])
        around = {
            "project": membership.project,
            "dashboard": dashboard,
            "board": board,
            "may_edit": dashboard["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT,
            "sharing": to_plain_json(read_sharing(number, project=membership.project, viewer=membership)),
            "settings": SETTINGS,
            "themes": THEMES,
            "base": self.base,
            "version": revision,
            "panel": self.request.GET.get("panel"),
            "folders": dashboard_folders(membership.project),
        }
        around["was"] = opened(dashboard)
        around["draft"] = {**around["was"], **(context or {}).pop("draft", {})}
        response = self.page("pages/dashboard.html", {**around, **(context or {})}, status=status)
        response._csp_update["style-src"] = [board.style_hash]  # type: ignore[attr-defined]  # of django-csp
        return response


def folder_in(text: str) -> str:
    """Return the folder that an address names, empty where it names none."""
    return (normalize_folder(text) or "") if is_folder(text) else ""


def as_seen(request: HttpRequest, membership: Membership, number: int) -> AbstractContextManager[None]:
    """A change of the version of the dashboard that a form was made from, where it says which. Raises Stale."""
    version = whole_number(request.POST.get("version"))
    if version is None:
        return nullcontext()
    return at_version(number, project=membership.project, expected={version})


def checked(body: dict[str, Any]) -> DashboardInput:
    """What a form says, by the rules of the API. Raises Invalid with what is wrong first."""
    serializer = DashboardRequestSerializer(data=body)
    try:
        serializer.is_valid(raise_exception=True)
    except ValidationError as error:
        field, sentence = first_of(error.detail)
        is_alone = field not in error.detail  # within a tile: its form says the field
        raise Invalid(sentence if is_alone else f"{field.capitalize()}: {sentence}", attr=field) from error
    return cast(DashboardInput, serializer.validated_data)


def first_of(details: Any) -> tuple[str, str]:
    """The field and the first sentence of DRF's nested details."""
    field = ""
    while isinstance(details, dict | list):
        key, details = next(iter(details.items() if isinstance(details, dict) else enumerate(details)))
        field = key if isinstance(key, str) else field
    return field, str(details)


def see(membership: Membership, number: int, panel: str = "") -> HttpResponse:
    """To the page of a dashboard, after it was changed, perhaps with one of its panels open."""
    query = f"?panel={panel}" if panel else ""
    return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards/{number}{query}", status=303)
