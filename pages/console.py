"""The console: what people who signed in see. Everything goes through the readers, services and rules of the API."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views import View

from dashboards_api.errors import DomainError, Forbidden, Invalid, Missing, TooMany
from dashboards_api.http.pagination import public_base
from pages.once import COOKIE, forget_once, redirect_showing, shown_once
from users.auth.credentials import BrowserSession
from users.auth.project_access import get_current_membership, get_project_membership
from users.auth.sessions import end_session, start_session
from users.models import Membership, User
from users.readers import list_memberships
from users.services.setup import can_change_email, check_setup, complete_setup, get_setup_user
from users.services.sign_in import authenticate_user

SIGN_IN = "/login"


class FormView(View):
    """A page with forms. A NUL in one is refused: no browser sends it, and PostgreSQL would fail on it."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if any("\0" in text for name, values in request.POST.lists() for text in (name, *values)):
            raise BadRequest("A form must not contain null characters.")
        return super().dispatch(request, *args, **kwargs)


class SignInView(FormView):
    """The form with e-mail address and password. It leads back to where it was asked for."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if get_user(request).is_authenticated and "again" not in request.GET:
            return HttpResponseRedirect(self.next)
        return self.form({})

    def post(self, request: HttpRequest) -> HttpResponseBase:
        email, password = request.POST.get("email", "")[:254], request.POST.get("password", "")
        try:
            user = authenticate_user(email, password, address=request.META.get("REMOTE_ADDR", ""))
        except Invalid:
            return self.form({"email": email, "error": "Wrong e-mail address or password."}, status=400)
        except Forbidden as error:
            return self.form({"email": email, "error": error.detail}, status=403)
        except TooMany as error:
            return later(self.form({"email": email, "error": error.detail}, status=429), error)
        start_session(request, user)
        return HttpResponseRedirect(self.next, status=303)

    @property
    def next(self) -> str:
        """Where to go from here: an address of ours, whatever the link says."""
        asked = self.request.POST.get("next") or self.request.GET.get("next") or "/"
        is_ours = asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
        return asked if is_ours else "/"

    def form(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return private(render(self.request, "pages/sign_in.html", {"next": self.next, **context}, status=status))


class SetupView(FormView):
    """The page behind a set-up link. Without a good one there is no such page."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            user = get_setup_user(token)
        except Missing:
            return self.over()
        name = f"{user.first_name} {user.last_name}".strip()
        return self.form(user, {"name": name, "email": user.email})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        sent = {name: request.POST.get(name, "") for name in ("name", "email")}
        try:
            user = get_setup_user(token)
            checked = check_setup(token, **sent, password=request.POST.get("password", ""))
            with transaction.atomic():
                start_session(request, complete_setup(checked))
        except Missing:
            return self.over()
        except Invalid as error:
            return self.form(user, {**sent, "error": error.detail, "attr": error.attr}, status=400)
        except TooMany as error:
            return later(self.form(user, {**sent, "error": error.detail}, status=429), error)
        return HttpResponseRedirect("/", status=303)

    def form(self, user: User, context: dict[str, Any], status: int = 200) -> HttpResponse:
        around = {"is_fixed": not can_change_email(user)}
        return private(render(self.request, "pages/setup.html", {**around, **context}, status=status))

    def over(self) -> HttpResponse:
        return private(render(self.request, "pages/not_found.html", {"is_setup": True}, status=404))


class SignOutView(FormView):
    def post(self, request: HttpRequest) -> HttpResponse:
        end_session(request)
        return HttpResponseRedirect(SIGN_IN, status=303)


class ConsoleView(FormView):
    """A page for `self.user`. Who is not signed in is asked to; what the domain refuses is a page that says so."""

    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = get_user(request)
        if not isinstance(user, User):
            return HttpResponseRedirect(f"{SIGN_IN}?{urlencode({'next': request.get_full_path()})}")
        self.user = request.user = user
        try:
            return self.respond(request, *args, **kwargs)
        except (Missing, Forbidden) as error:
            return self.refused(error)
        except TooMany as error:
            return later(self.page("pages/refused.html", {"detail": error.detail}, status=429), error)

    def respond(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        if refusal := self.prepare(request, *args, **kwargs):
            return refusal
        # What is changed and what is shown of it are one transaction: a form that is run again does nothing twice.
        with transaction.atomic():
            return super().dispatch(request, *args, **kwargs)

    def prepare(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Do the slow work of a form, such as hashing, before its transaction. A response ends the request."""
        return None

    def enter(self, project_id: str) -> Membership:
        """The user's membership of the project in the path. Raises Missing and Forbidden."""
        return get_project_membership(self.user, BrowserSession(), project_id)

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        around = {"user": self.user, "memberships": list_memberships(self.user, BrowserSession())}
        is_shown = self.request.method == "GET" and COOKIE in self.request.COOKIES
        once = {"once": shown_once(self.request, self.user) if is_shown else {}}
        response = private(render(self.request, template, {**around, **once, **context}, status=status))
        if is_shown:
            forget_once(self.request, response)
        response._csp_update = {"script-src": ["'self'"]}  # type: ignore[attr-defined]  # of django-csp
        return response

    def show(self, path: str, **content: Any) -> HttpResponse:
        """Go to a page of the console, which shows `content` once."""
        return redirect_showing(path, self.user, **content)

    @property
    def base(self) -> str:
        """The address that links for other people begin with."""
        return public_base(self.request)

    def refused(self, error: DomainError) -> HttpResponse:
        status = 403 if isinstance(error, Forbidden) else 404
        return self.page("pages/refused.html", {"detail": error.detail}, status=status)


class HomeView(ConsoleView):
    """To the dashboards of the current project."""

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            membership = get_current_membership(self.user, BrowserSession())
        except Missing:
            return self.page("pages/refused.html", {"detail": "You are in no project yet. Ask an admin to add you."})
        return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards")


def later(response: HttpResponse, error: TooMany) -> HttpResponse:
    """Say when there is use in trying again."""
    response["Retry-After"] = str(error.wait)
    return response


def private(response: HttpResponse) -> HttpResponse:
    """Kept by no cache, not even the browser's: another may use it next."""
    response["Cache-Control"] = "no-store"
    return response
