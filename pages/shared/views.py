"""The pages of shared dashboards: `/shared/:token` and `/embedded/:token`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.views import View
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import ValidationError

from dashboards.exceptions import DashboardNotFound, OverrideNotAllowed, SharePasswordRequired, WrongSharePassword
from dashboards.http_requests import get_unlock_tokens, parse_overrides, set_share_cookies, unlock_share_link
from dashboards.readers.shared import PageType, SharedDashboard, find_shared_dashboard, read_shared_dashboard
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import TooManyAttempts, ValidationFailed
from dashboards_api.http.middleware import get_base_url
from dashboards_api.http.request_options import etag_matches, make_etag
from dashboards_api.http.waiting import get_first_run
from pages.components.reloading import plan_reload
from pages.shared.controls import add_form_overrides, build_controls
from pages.shared.page import Preview, build_shared_page, list_result_states
from pages.shared.refreshing import RepeatedReload, plan_repeated_reload
from queries.readers.results import MAX_PAGE_CHARACTERS
from queries.refresh import parse_refresh
from queries.waiting import wait_for_results


# The form works in frames and for scripts of any origin, because it only sets an unlock token and changes no data.
@method_decorator([csrf_exempt, xframe_options_exempt], name="dispatch")
class SharedPageView(View):
    """A shared dashboard as a page without scripts, or the form for its password."""

    http_method_names = ["get", "head", "options", "post"]
    page_type: PageType = "scene"
    json_view: Callable[..., HttpResponseBase] | None = None  # responds to POST requests of scripts

    def get(self, request: HttpRequest, access_token: str) -> HttpResponseBase:
        return self.show(request, access_token, get_unlock_tokens(request))

    def post(self, request: HttpRequest, access_token: str) -> HttpResponseBase:
        """Unlock the page. A request that does not accept HTML is from a script, and the response is JSON."""
        if self.json_view and "text/html" not in request.headers.get("Accept", ""):
            return self.json_view(request, access_token=access_token)
        try:
            token = unlock_share_link(request, access_token, lambda: request.POST.get("password", ""))
        except DashboardNotFound:
            return self.render_page("pages/link_not_found.html", {}, status=404)
        except WrongSharePassword:
            return self.render_unlock_page({"error": "Wrong password."}, status=401)
        except TooManyAttempts as error:
            refused = self.render_unlock_page({"error": error.detail}, status=429)
            refused["Retry-After"] = str(error.wait)
            return refused
        except ValidationFailed:  # the link no longer requires a password
            return HttpResponseRedirect(request.get_full_path())
        if self.page_type == "embed":
            # Browsers keep no cookies of a frame on another site, so this response must be the dashboard itself.
            opened = self.show(request, access_token, [token])
        else:
            opened = HttpResponseRedirect(request.get_full_path(), status=303)
        set_share_cookies(opened, request.path, token)
        return opened

    def show(self, request: HttpRequest, access_token: str, unlock_tokens: list[str]) -> HttpResponseBase:
        try:
            overrides = add_form_overrides(parse_overrides(request.GET), request.GET)
            repeated = plan_repeated_reload(request)
            opened = find_shared_dashboard(access_token, unlock_tokens=unlock_tokens, overrides=overrides)
        except DashboardNotFound:
            return self.render_page("pages/link_not_found.html", {}, status=404)
        except SharePasswordRequired:
            return self.render_unlock_page(status=401)
        except (ValidationError, ValidationFailed):
            return self.render_page(
                "pages/link_not_found.html", {"reason": "The query string of this URL is invalid."}, status=400
            )
        except OverrideNotAllowed as error:
            return self.render_page("pages/link_not_found.html", {"reason": error.detail}, status=403)
        return self.show_dashboard(request, opened, repeated)

    def show_dashboard(
        self, request: HttpRequest, opened: SharedDashboard, repeated: RepeatedReload | None
    ) -> HttpResponseBase:
        """Return the page. The content is read even if the ETag matches, to request stale and missing results."""
        refresh = parse_refresh(request.GET.get("refresh"))
        results = opened.get_results(refresh, get_first_run(request), MAX_PAGE_CHARACTERS)
        try:
            shared = read_shared_dashboard(opened, self.page_type, results, is_page=True)
        except ValidationFailed as error:
            return self.render_page("pages/link_not_found.html", {"reason": error.detail}, status=400)
        wait_for_results(request, results)
        moment = now()
        etag = make_etag(request, *opened.state, *list_result_states(shared, moment), *settings.EMBED_ORIGINS)
        if etag_matches(request, etag):
            response: HttpResponse = HttpResponseNotModified()
            response._csp_exempt = True  # type: ignore[attr-defined]  # the browser keeps the policy of the cached page
        else:
            page = build_shared_page(opened, shared, moment, request.path)
            filters = to_plain_json(shared["dashboard"]["filters"])
            around = {
                "page": page,
                "is_embedded": self.page_type == "embed",
                "reload": plan_reload(request, is_automatic=True),
                "repeated": repeated,
                "controls": build_controls(
                    opened.allowed_overrides, shared["choices"], filters, request.GET, request.path
                ),
                "address": f"{get_base_url(request)}{request.path}",
            }
            response = self.render_page("pages/shared/dashboard.html", around)
            self.set_embed_csp(response, style=page.tile_grid.style_hash)
        response["ETag"] = etag
        return response

    def render_unlock_page(self, context: dict[str, Any] | None = None, *, status: int) -> HttpResponse:
        """Return the form for the password. The form and its preview reveal nothing about the dashboard."""
        return self.render_page("pages/shared/unlock.html", {"preview": Preview(), **(context or {})}, status=status)

    def render_page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        response = render(self.request, template, context, status=status)
        response["Cache-Control"] = "private, no-cache"
        response["X-Robots-Tag"] = "noindex"
        self.set_embed_csp(response)
        return response

    def set_embed_csp(self, response: HttpResponseBase, style: str | None = None) -> HttpResponseBase:
        """Set the content security policy: the origins that may frame the page, and its only inline style."""
        response._csp_update = {"style-src": [style] if style else []}  # type: ignore[attr-defined]  # of django-csp
        response._csp_replace = {"frame-ancestors": settings.EMBED_ORIGINS}  # type: ignore[attr-defined]  # of django-csp
        return response


@method_decorator(xframe_options_exempt, name="dispatch")
class DeadLinkView(SharedPageView):
    """The page for truncated or mistyped share links."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, access_token: str = "") -> HttpResponseBase:
        return self.render_page("pages/link_not_found.html", {}, status=404)
