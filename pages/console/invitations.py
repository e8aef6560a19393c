"""The page behind an invitation link, and the open invitations of a user with a verified e-mail address."""

from typing import Any

from django.contrib.auth import get_user
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from dashboards_api.errors import Forbidden, NotFound, TooManyAttempts, ValidationFailed
from dashboards_api.parsing import parse_int
from pages.console.base import ConsoleView, FormView, disable_caching, set_retry_after
from users.auth.sessions import start_session
from users.models import Invitation, User
from users.services.invitations import (
    accept_invitation,
    accept_with_new_account,
    decline_invitation,
    find_accepting_account,
    get_invitation,
    list_invitations,
)

INVITATIONS = "/invitations"
SHOWN = 100


class InvitationView(FormView):
    """The page behind an invitation link, for the invited user, a person without an account, or another user."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            return self.render_form(get_invitation(token), {})
        except NotFound:
            return self.render_not_found()

    def post(self, request: HttpRequest, token: str) -> HttpResponseBase:
        try:
            invitation = get_invitation(token)
            if request.POST.get("action") == "decline":
                decline_invitation(invitation)
                return disable_caching(render(request, "pages/console/invitation.html", {"is_declined": True}))
            return self.accept(invitation)
        except NotFound:
            return self.render_not_found()

    def accept(self, invitation: Invitation) -> HttpResponseBase:
        """Accept the invitation as the signed-in user, or with a new account."""
        user, sent = get_user(self.request), self.request.POST
        name = sent.get("name", "")
        try:
            if isinstance(user, User):
                accept_invitation(invitation, accepted_by=user)
            else:
                user = accept_with_new_account(invitation, name=name, password=sent.get("password", ""))
                with transaction.atomic():
                    start_session(self.request, user)
        except ValidationFailed as error:
            return self.render_form(invitation, {"name": name, "error": error.detail, "attr": error.attr}, status=400)
        except Forbidden:
            return self.render_form(invitation, {}, status=403)
        except TooManyAttempts as error:
            return set_retry_after(
                self.render_form(invitation, {"name": name, "error": error.detail}, status=429), error
            )
        return HttpResponseRedirect(f"/projects/{invitation.project_id}/dashboards", status=303)

    def render_form(self, invitation: Invitation, context: dict[str, Any], status: int = 200) -> HttpResponse:
        user, account = get_user(self.request), find_accepting_account(invitation)
        around = {
            "invitation": invitation,
            "user": user if isinstance(user, User) else None,
            "is_for_user": account is not None and account == user,
            "has_account": account is not None,
            "path": self.request.path,
        }
        return disable_caching(
            render(self.request, "pages/console/invitation.html", {**around, **context}, status=status)
        )

    def render_not_found(self) -> HttpResponse:
        return disable_caching(render(self.request, "pages/link_not_found.html", {"is_invitation": True}, status=404))


class InvitationsView(ConsoleView):
    """The open invitations of a user whose e-mail address is verified. Other users need the link."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render_page("pages/console/invitations.html", {"invitations": list_invitations(self.user)[:SHOWN]})

    def post(self, request: HttpRequest) -> HttpResponse:
        number = parse_int(request.POST.get("invitation")) or 0
        invitation = list_invitations(self.user).filter(pk=number).first()
        if invitation is None:  # accepted, declined or expired in the meantime
            return HttpResponseRedirect(INVITATIONS, status=303)
        if request.POST.get("action") != "accept":
            decline_invitation(invitation)
            return self.redirect_with_message(INVITATIONS, said=f"You declined to join {invitation.project.name}.")
        membership = accept_invitation(invitation, accepted_by=self.user)
        return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards", status=303)
