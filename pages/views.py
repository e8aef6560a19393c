"""The pages that open without signing in: `/shared/:token` and `/embedded/:token`."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import ValidationError

from dashboards.exceptions import DashboardNotFound, OverrideNotAllowed, SharePasswordRequired, WrongSharePassword
from dashboards.readers.shared import PageType, open_shared, read_shared
from dashboards.views.overrides import parse_overrides
from dashboards.views.shared import UnlockViewSet, set_share_cookies, share_tokens_of, unlocked
from dashboards_api.errors import Invalid, TooMany
from dashboards_api.http.conditional import etag_of, is_known
from pages.shared import shared_page

api_unlock = UnlockViewSet.as_view({"post": "unlock"})


# A password may be sent from anywhere: it opens what it opens, and changes nothing.
@method_decorator([csrf_exempt, xframe_options_exempt], name="dispatch")
class SharedPageView(View):
    """A shared dashboard as a page without scripts, or the question for its password."""

    http_method_names = ["get", "head", "options", "post"]
    page_type: PageType = "scene"

    def get(self, request: HttpRequest, access_token: str) -> HttpResponseBase:
        return self.show(request, access_token, share_tokens_of(request))

    def post(self, request: HttpRequest, access_token: str) -> HttpResponseBase:
        """The form of the page; scripts, which do not ask for HTML, are answered in JSON."""
        if "text/html" not in request.headers.get("Accept", ""):
            response: HttpResponseBase = api_unlock(request, access_token=access_token)
            return response
        try:
            token = unlocked(request, access_token, lambda: request.POST.get("password", ""))
        except DashboardNotFound:
            return self.page("pages/not_found.html", {}, status=404)
        except WrongSharePassword:
            return self.page("pages/unlock.html", {"error": "That is not the password."}, status=401)
        except TooMany as error:
            refused = self.page("pages/unlock.html", {"error": error.detail}, status=429)
            refused["Retry-After"] = str(error.wait)
            return refused
        except Invalid:  # it needs no password any more
            return HttpResponseRedirect(request.get_full_path())
        if self.page_type == "embed":
            # In a frame on another site the browser keeps no cookie of ours: the dashboard is the answer.
            opened = self.show(request, access_token, [token])
        else:
            opened = HttpResponseRedirect(request.get_full_path(), status=303)
        set_share_cookies(opened, request.path, token)
        return opened

    def show(self, request: HttpRequest, access_token: str, share_tokens: list[str]) -> HttpResponseBase:
        try:
            opened = open_shared(access_token, share_tokens=share_tokens, overrides=parse_overrides(request.GET))
        except DashboardNotFound:
            return self.page("pages/not_found.html", {}, status=404)
        except SharePasswordRequired:
            return self.page("pages/unlock.html", {}, status=401)
        except (ValidationError, Invalid):
            return self.page(
                "pages/not_found.html", {"reason": "The address asks for what cannot be read."}, status=400
            )
        except OverrideNotAllowed as error:
            return self.page("pages/not_found.html", {"reason": error.detail}, status=403)
        etag = etag_of(request, opened.revision, *settings.EMBED_ORIGINS)
        if is_known(request, etag):
            response: HttpResponse = HttpResponseNotModified()
            response._csp_exempt = True  # type: ignore[attr-defined]  # that of the page is kept along with it
        else:
            try:
                page = shared_page(read_shared(opened, self.page_type))
            except Invalid as error:
                return self.page("pages/not_found.html", {"reason": error.detail}, status=400)
            response = self.page("pages/shared.html", {"page": page, "is_embedded": self.page_type == "embed"})
            self.with_policy(response, style=page.board.style_hash)
        response["ETag"] = etag
        return response

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        response = render(self.request, template, context, status=status)
        response["Cache-Control"] = "private, no-cache"
        response["X-Robots-Tag"] = "noindex"
        self.with_policy(response)
        return response

    def with_policy(self, response: HttpResponseBase, style: str | None = None) -> HttpResponseBase:
        """Who may frame the page, and the one style of its own."""
        response._csp_update = {"style-src": [style] if style else []}  # type: ignore[attr-defined]
        response._csp_replace = {"frame-ancestors": settings.EMBED_ORIGINS}  # type: ignore[attr-defined]
        return response
