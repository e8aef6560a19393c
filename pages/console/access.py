"""The form for the edit permissions of a dashboard: its restriction level, and its collaborators."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound
from dashboards.input_validation import validate_dashboard_input
from dashboards.models import PrivilegeLevel
from dashboards.services.collaborators import add_collaborator, remove_collaborator
from dashboards.services.dashboards import update_dashboard
from dashboards_api.errors import ValidationFailed
from dashboards_api.parsing import parse_id, parse_uuid
from pages.console.board import BoardView
from pages.console.dashboard_forms import write_dashboard
from users.models import Membership


class NoSuchMember(ValidationFailed):
    """The error for a form without a valid member id."""

    def __init__(self) -> None:
        super().__init__("Choose a member.", attr="member")


class AccessView(BoardView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return HttpResponseRedirect(f"{request.path.removesuffix('/access')}?panel=access")

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        try:
            said = write_dashboard(request, membership, number, partial(self.perform_action, membership, number))
        except ValidationFailed as error:
            context = {"panel": "access", "error": error.detail, "attr": error.attr}
            return self.render_board(membership, number, context, status=400)
        return self.redirect_with_message(f"{request.path.removesuffix('/access')}?panel=access#access", said=said)

    def perform_action(self, membership: Membership, number: int, changes: ChangeSet) -> str:
        """Perform the action of the form, and return the message for the page."""
        project, form = membership.project, self.request.POST
        action = form.get("action", "")
        if action == "level":
            content = validate_dashboard_input({"restriction_level": form.get("level", "")})
            update_dashboard(changes, number, project=project, content=content)
            return "Saved who can edit the dashboard."
        member = parse_uuid(form.get("member", ""), NoSuchMember)
        if action == "add-collaborator":
            level = PrivilegeLevel.CAN_EDIT
            add_collaborator(changes, number, project=project, user_uuid=member, level=level)
            return "Added the collaborator."
        if action == "remove-collaborator":
            remove_collaborator(changes, number, project=project, user_uuid=member)
            return "Removed the collaborator."
        raise ValidationFailed("There is no such action.")
