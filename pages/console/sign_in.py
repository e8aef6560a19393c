"""The pages for signing in, signing out, and setting up an account through a link."""

from typing import Any

from django.contrib.auth import get_user
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from dashboards_api.errors import Forbidden, NotFound, TooManyAttempts, ValidationFailed
from pages.console.base import SIGN_IN, FormView, disable_caching, set_retry_after
from users.auth.sessions import end_session, start_session
from users.models import User
from users.services.setup import can_change_email, check_setup, complete_setup, get_setup_user
from users.services.sign_in import authenticate_user


class SignInView(FormView):
    """The sign-in form. After signing in, the user is redirected to the page that required it."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if get_user(request).is_authenticated and "again" not in request.GET:
            return HttpResponseRedirect(self.next)
        return self.render_form({})

    def post(self, request: HttpRequest) -> HttpResponseBase:
        email, password = request.POST.get("email", "")[:254], request.POST.get("password", "")
        try:
            user = authenticate_user(email, password, address=request.META.get("REMOTE_ADDR", ""))
        except ValidationFailed:
            return self.render_form({"email": email, "error": "Wrong e-mail address or password."}, status=400)
        except Forbidden as error:
            return self.render_form({"email": email, "error": error.detail}, status=403)
        except TooManyAttempts as error:
            return set_retry_after(self.render_form({"email": email, "error": error.detail}, status=429), error)
        start_session(request, user)
        return HttpResponseRedirect(self.next, status=303)

    @property
    def next(self) -> str:
        """Return the path to redirect to. URLs of other sites are ignored."""
        asked = self.request.POST.get("next") or self.request.GET.get("next") or "/"
        is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
        return asked if is_ours else "/"

    def render_form(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return disable_caching(
            render(self.request, "pages/console/sign_in.html", {"next": self.next, **context}, status=status)
        )


class SetupView(FormView):
    """The page behind a set-up link. The response to an invalid link is 404."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            user = get_setup_user(token)
        except NotFound:
            return self.render_not_found()
        name = f"{user.first_name} {user.last_name}".strip()
        return self.render_form(user, {"name": name, "email": user.email})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        sent = {name: request.POST.get(name, "") for name in ("name", "email")}
        try:
            user = get_setup_user(token)
            checked = check_setup(token, **sent, password=request.POST.get("password", ""))
            with transaction.atomic():
                start_session(request, complete_setup(checked))
        except NotFound:
            return self.render_not_found()
        except ValidationFailed as error:
            return self.render_form(user, {**sent, "error": error.detail, "attr": error.attr}, status=400)
        except TooManyAttempts as error:
            return set_retry_after(self.render_form(user, {**sent, "error": error.detail}, status=429), error)
        return HttpResponseRedirect("/", status=303)

    def render_form(self, user: User, context: dict[str, Any], status: int = 200) -> HttpResponse:
        around = {"is_fixed": not can_change_email(user)}
        return disable_caching(render(self.request, "pages/console/setup.html", {**around, **context}, status=status))

    def render_not_found(self) -> HttpResponse:
        return disable_caching(render(self.request, "pages/link_not_found.html", {"is_setup": True}, status=404))


class SignOutView(FormView):
    def post(self, request: HttpRequest) -> HttpResponse:
        end_session(request)
        return HttpResponseRedirect(SIGN_IN, status=303)
