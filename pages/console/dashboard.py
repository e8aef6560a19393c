"""The page of one dashboard: viewing it and its results, editing, sharing, copying and deleting it."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet, perform_write
from dashboards.exceptions import DashboardNotFound, VersionNotFound
from dashboards.input_validation import validate_dashboard_input
from dashboards.models.sharing_configuration import SHARE_NOTE_MAX_LENGTH
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.readers.sharing import read_sharing
from dashboards.services.dashboards import create_dashboard, update_dashboard
from dashboards.services.share_passwords import (
    HashedPassword,
    add_share_password,
    hash_share_password,
    remove_share_password,
)
from dashboards.services.sharing import rotate_access_token, update_sharing
from dashboards.services.version_restore import restore_version
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.components.reloading import PARAMETER
from pages.console.board import CHANGED_SINCE, BoardView
from pages.console.dashboard_forms import (
    redirect_to_dashboard,
    write_dashboard,
    write_merged,
)
from pages.console.edit_form import build_body, get_edits
from pages.console.sharing_form import build_sharing_input
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Membership

CANNOT_UNDO = "The dashboard has changed since, so this cannot be undone in one step. Restore a version instead."
# The messages of the page after the actions of the sharing panel.
SAID = {
    "enable": "The dashboard is shared. Anyone with the link can see it.",
    "disable": "The dashboard is no longer shared.",
    "refresh": "There is a new link. The old link works for a short while.",
    "sharing": "Saved.",
    "add-password": "Created a password.",
    "remove-password": "Deleted the password.",
}


class DashboardView(BoardView):
    """The page of one dashboard. Each form has an `action`."""

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
            return self.render_board(membership, number, {"panel": "share", "error": error.detail}, status=400)
        return None

    def asks_for_first_password(self, membership: Membership, number: int) -> bool:
        """Return whether the form requires a password but no password exists, which would lock out all viewers."""
        if "password_required" not in self.request.POST:
            return False
        sharing = to_plain_json(read_sharing(number, project=membership.project, viewer=membership))
        return bool(sharing["enabled"] and not sharing["share_passwords"])

    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.render_board(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        action = request.POST.get("action", "")
        if action == "compute":
            return self.compute(membership, number)
        panel = {"edit": "edit", "duplicate": "more", "delete": "more", "undo": ""}.get(action, "share")
        try:
            return self.perform_action(action, membership, number)
        except ValidationFailed as error:
            context = {"panel": panel, "error": error.detail, "attr": error.attr, "draft": self.draft}
            return self.render_board(membership, number, context, status=400)
        except VersionConflict:
            detail = CANNOT_UNDO if action == "undo" else CHANGED_SINCE
            return self.render_board(
                membership, number, {"panel": panel, "error": detail, "draft": self.draft}, status=409
            )

    def compute(self, membership: Membership, number: int) -> HttpResponse:
        """Queue all queries of the dashboard, and redirect to its page, which then reloads automatically."""
        results = Results(membership.project, RefreshRequest(Refresh.FORCE_ASYNC))
        read_dashboard_revision(number, project=membership.project, viewer=membership, results=results)
        return HttpResponseRedirect(f"{self.request.path}?{PARAMETER}=0", status=303)

    @property
    def draft(self) -> dict[str, str]:
        """Return the changed fields of the form, to be shown again after an error."""
        return get_edits(self.request.POST) if self.request.POST.get("action") == "edit" else {}

    def perform_action(self, action: str, membership: Membership, number: int) -> HttpResponse:
        if action == "undo":
            return self.undo(membership, number)
        if action == "duplicate":
            return self.duplicate(membership, number)
        if action == "delete":
            return self.delete(membership, number)
        if action == "edit":
            return self.edit(membership, number)
        write_dashboard(self.request, membership, number, partial(self.change_sharing, action, membership, number))
        once = {"new_password": self.new_password.text} if self.new_password else {}
        return self.redirect_with_message(f"{self.request.path}?panel=share#share", said=SAID[action], **once)

    def undo(self, membership: Membership, number: int) -> HttpResponse:
        """Restore the version before an action, unless the dashboard has changed since."""
        project, version = membership.project, parse_int(self.request.POST.get("restore")) or 0
        try:
            write_dashboard(
                self.request,
                membership,
                number,
                lambda changes: restore_version(changes, number, project=project, version=version),
            )
        except VersionNotFound as error:
            raise ValidationFailed(CANNOT_UNDO) from error
        return self.redirect_with_message(self.request.path, said="Undone.")

    def duplicate(self, membership: Membership, number: int) -> HttpResponse:
        name = self.request.POST.get("name", "")
        copy = validate_dashboard_input({"name": name, "use_dashboard": number, "duplicate_tiles": True})
        made = perform_write(
            lambda changes: create_dashboard(changes, membership.project, content=copy)[0].pk,
            lambda result, changes: result,
            actor=membership,
        )
        return redirect_to_dashboard(membership, made)

    def delete(self, membership: Membership, number: int) -> HttpResponse:
        project = membership.project
        write_dashboard(
            self.request,
            membership,
            number,
            lambda changes: update_dashboard(changes, number, project=project, content={"deleted": True}),
        )
        path = f"/projects/{project.pk}/dashboards"
        undo = {"path": path, "fields": {"restore": number}}
        return self.redirect_with_message(path, said="Moved the dashboard to the trash.", undo=undo)

    def edit(self, membership: Membership, number: int) -> HttpResponse:
        """Write the fields that the user changed."""
        edits = get_edits(self.request.POST)
        content = validate_dashboard_input(build_body(edits))
        project = membership.project
        _, undo = write_merged(
            self.request,
            membership,
            number,
            edits,
            lambda changes: update_dashboard(changes, number, project=project, content=content),
        )
        return self.redirect_with_message(self.request.path, said="Saved.", undo=undo)

    def change_sharing(self, action: str, membership: Membership, number: int, changes: ChangeSet) -> None:
        project, form = membership.project, self.request.POST
        if action in ("enable", "disable"):
            update_sharing(changes, number, project=project, content={"enabled": action == "enable"})
        elif action == "sharing":
            stored = read_sharing(number, project=project, viewer=membership)["settings"]
            content = build_sharing_input(form, to_plain_json(stored))
            update_sharing(changes, number, project=project, content=content)
        elif action == "refresh":
            rotate_access_token(changes, number, project=project)
        elif action == "remove-password":
            password_id = parse_int(form.get("password")) or 0
            remove_share_password(changes, number, project=project, password_id=password_id)
        elif action != "add-password":
            raise ValidationFailed("There is no such action.")
        if self.new_password:  # `prepare` hashed it
            note = form.get("note", "")[:SHARE_NOTE_MAX_LENGTH]
            add_share_password(changes, number, project=project, hashed=self.new_password, note=note)
