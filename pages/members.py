"""The page of a project's members, for its admins; the others see who is in it."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards_api.errors import Invalid
from dashboards_api.numbers import whole_number
from pages.console import ConsoleView
from users.models import Membership, MembershipLevel
from users.services.members import change_level, invite, remove_member
from users.services.setup import setup_link


class MembersView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        return self.members(self.enter(project_id))

    def post(self, request: HttpRequest, project_id: str) -> HttpResponse:
        acting = self.enter(project_id)
        try:
            link = self.act(acting)
        except Invalid as error:
            return self.members(acting, {"error": error.detail}, status=400)
        if link:
            return self.members(acting, {"link": link})
        return HttpResponseRedirect(request.path, status=303)

    def act(self, acting: Membership) -> str | None:
        """What the form asks for. A link comes back where somebody new needs one, and is shown this once."""
        form = self.request.POST
        action, member_id = form.get("action"), whole_number(form.get("member")) or 0
        if action == "invite":
            user, is_new = invite(acting, email=form.get("email", "").replace("\0", ""), level=self.level)
            return setup_link(user, self.base) if is_new else None
        if action == "remove":
            remove_member(acting, membership_id=member_id)
        elif action == "level":
            change_level(acting, membership_id=member_id, level=self.level)
        else:
            raise Invalid("There is no such action.")
        return None

    @property
    def level(self) -> MembershipLevel:
        """Raises Invalid for what is none."""
        try:
            return MembershipLevel(whole_number(self.request.POST.get("level")) or 0)
        except ValueError as error:
            raise Invalid("There is no such level.", attr="level") from error

    def members(self, acting: Membership, context: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
        rows = acting.project.memberships.select_related("user").order_by("-level", "user__email")
        around = {
            "project": acting.project,
            "acting": acting,
            "members": rows,
            "levels": [level for level in MembershipLevel if level <= acting.level],
        }
        return self.page("pages/members.html", {**around, **(context or {})}, status=status)
