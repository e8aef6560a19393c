"""The page of the members of a project. Admins invite, change and remove members; every member may leave."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards_api.errors import ValidationFailed
from dashboards_api.parsing import parse_int
from pages.console.base import ConsoleView
from users.models import Membership, MembershipLevel
from users.services.members import (
    build_invitation_link,
    change_member_level,
    create_invitation,
    leave_project,
    remove_member,
    withdraw_invitation,
)
from users.services.users import list_unused_accounts


class MembersView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        return self.render_members(self.enter(project_id))

    def post(self, request: HttpRequest, project_id: str) -> HttpResponse:
        acting = self.enter(project_id)
        try:
            return self.perform_action(acting, request.POST.get("action", ""))
        except ValidationFailed as error:
            return self.render_members(acting, {"error": error.detail, "attr": error.attr}, status=400)

    def perform_action(self, acting: Membership, action: str) -> HttpResponse:
        form, path = self.request.POST, self.request.path
        if action == "invite":
            made = create_invitation(acting, email=form.get("email", ""), level=self.level)
            return self.redirect_with_message(
                path, link=build_invitation_link(made.token, self.base), email=made.invitation.email
            )
        if action == "leave":
            leave_project(acting)
            return HttpResponseRedirect("/", status=303)
        if action == "withdraw":
            withdraw_invitation(acting, invitation_id=self.read_number("invitation"))
            said = "Withdrew the invitation."
        elif action == "remove":
            remove_member(acting, membership_id=self.read_number("member"))
            said = "Removed the member."
        elif action == "level":
            change_member_level(acting, membership_id=self.read_number("member"), level=self.level)
            said = "Saved the role."
        else:
            raise ValidationFailed("There is no such action.")
        return self.redirect_with_message(path, said=said)

    def read_number(self, name: str) -> int:
        return parse_int(self.request.POST.get(name)) or 0

    @property
    def level(self) -> MembershipLevel:
        """Return the level in the form. Raises ValidationFailed."""
        try:
            return MembershipLevel(self.read_number("level"))
        except ValueError as error:
            raise ValidationFailed("There is no such level.", attr="level") from error

    def render_members(
        self, acting: Membership, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        project = acting.project
        around = {
            "project": project,
            "acting": acting,
            "members": project.memberships.select_related("user").order_by("-level", "user__email"),
            "levels": [level for level in MembershipLevel if level <= acting.level],
            "draft": self.request.POST,
        }
        if acting.is_admin:  # only admins see invitations
            around["invitations"] = project.invitations.select_related("invited_by__user").order_by("email")
            around["never_used"] = set(list_unused_accounts(project).values_list("pk", flat=True))
        return self.render_page("pages/console/members.html", {**around, **(context or {})}, status=status)
