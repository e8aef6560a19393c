"""The base classes of console pages, which use the same readers, services and access rules as the API."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views import View

from dashboards_api.errors import DomainError, Forbidden, NotFound, TooManyAttempts
from dashboards_api.http.middleware import get_base_url
from pages.console.one_time_message import COOKIE, delete_message, read_message, redirect_with_message
from users.auth.credentials import BrowserSession, get_current_membership, get_project_membership
from users.models import Membership, User
from users.readers import list_memberships

SIGN_IN = "/login"


class FormView(View):
    """A page with forms. Null characters, which browsers never send and PostgreSQL cannot store, are refused."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if any("\0" in text for name, values in request.POST.lists() for text in (name, *values)):
            raise BadRequest("A form must not contain null characters.")
        return super().dispatch(request, *args, **kwargs)


class ConsoleView(FormView):
    """A page for the signed-in user, `self.user`. Anonymous visitors are redirected to the sign-in page."""

    user: User

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = get_user(request)
        if not isinstance(user, User):
            return HttpResponseRedirect(f"{SIGN_IN}?{urlencode({'next': request.get_full_path()})}")
        self.user = request.user = user
        try:
            return self.respond(request, *args, **kwargs)
        except (NotFound, Forbidden) as error:
            return self.render_refusal(error)
        except TooManyAttempts as error:
            return set_retry_after(
                self.render_page("pages/console/refused.html", {"detail": error.detail}, status=429), error
            )

    def respond(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        if refusal := self.prepare(request, *args, **kwargs):
            return refusal
        return super().dispatch(request, *args, **kwargs)

    def prepare(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Do the slow work of a form, such as hashing, before its transaction. A returned response ends the request."""
        return None

    def enter(self, project_id: str) -> Membership:
        """Return the user's membership of the project in the path. Raises NotFound and Forbidden."""
        return get_project_membership(self.user, BrowserSession(), project_id)

    def render_page(
        self, template: str, context: dict[str, Any], status: int = 200, *, keeps_message: bool = False
    ) -> HttpResponse:
        """Return a page. With `keeps_message`, the next page shows the same one-time message again."""
        around = {"user": self.user, "memberships": list_memberships(self.user, BrowserSession())}
        around["is_unsaved"] = self.request.method == "POST"  # the response to a stored form is a redirect
        is_shown = self.request.method == "GET" and COOKIE in self.request.COOKIES
        once = {"once": read_message(self.request, self.user) if is_shown else {}}
        response = disable_caching(render(self.request, template, {**around, **once, **context}, status=status))
        if is_shown and not keeps_message:
            delete_message(self.request, response)
        response._csp_update = {"script-src": ["'self'"], "connect-src": ["'self'"]}  # type: ignore[attr-defined]  # of django-csp
        return response

    def redirect_with_message(self, path: str, **content: Any) -> HttpResponse:
        """Redirect to a page of the console that shows `content` once."""
        return redirect_with_message(path, self.user, **content)

    @property
    def base(self) -> str:
        """Return the base URL of share links and invitation links."""
        return get_base_url(self.request)

    def render_refusal(self, error: DomainError) -> HttpResponse:
        status = 403 if isinstance(error, Forbidden) else 404
        return self.render_page("pages/console/refused.html", {"detail": error.detail}, status=status)


class HomeView(ConsoleView):
    """A redirect to the dashboards of the current project."""

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            membership = get_current_membership(self.user, BrowserSession())
        except NotFound:
            return self.render_page(
                "pages/console/refused.html",
                {"detail": "You are not a member of any project yet. Ask an admin to add you."},
            )
        return HttpResponseRedirect(f"/projects/{membership.project_id}/dashboards")


def set_retry_after(response: HttpResponse, error: TooManyAttempts) -> HttpResponse:
    """Set the `Retry-After` header of a response."""
    response["Retry-After"] = str(error.wait)
    return response


def disable_caching(response: HttpResponse) -> HttpResponse:
    """Forbid all caching, including by the browser, which another person may use next."""
    response["Cache-Control"] = "no-store"
    return response
