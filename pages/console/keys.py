"""The page on which users create, rotate and revoke their own API keys. The value of a key is shown once."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from dashboards_api.errors import NotFound, ValidationFailed
from dashboards_api.parsing import parse_int
from pages.console.base import SIGN_IN, ConsoleView
from users.auth.sessions import has_recent_sign_in
from users.readers import list_api_keys
from users.services.api_keys import MAX_KEYS_PER_USER, NewKey, create_api_key, get_expiry, revoke_api_key, roll_api_key

KEYS = "/keys"
# The scopes in the form. The API and the commands can grant other scopes.
READ = ("read",)
BOTH = ("read", "write")
SCOPES = (
    ("dashboard", "Dashboards", BOTH),
    ("insight", "Insights", BOTH),
    ("query", "Queries", READ),
    ("sharing_configuration", "Sharing", BOTH),
    ("dashboard_template", "Templates", BOTH),
    ("activity_log", "History", BOTH),
    ("project", "Projects", BOTH),
    ("organization", "Organizations", READ),
    ("user", "Profile", READ),
)
EXPIRY = (("90", "in 90 days"), ("30", "in 30 days"), ("365", "in a year"), ("", "never"))
FIELDS = ("label", "scope", "project", "expires")


class KeysView(ConsoleView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render_keys(request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        if not has_recent_sign_in(request):
            return self.confirm_password(request.POST)
        try:
            return self.perform_action(request.POST.get("action", ""), request.POST.get("id", "").replace("\0", ""))
        except ValidationFailed as error:
            return self.render_keys(request.POST, error)
        except NotFound:  # deleted in another window
            return HttpResponseRedirect(KEYS, status=303)

    def confirm_password(self, form: QueryDict) -> HttpResponse:
        """Redirect to the sign-in page, which redirects back to this page with the entered values."""
        typed = urlencode({name: form.getlist(name) for name in FIELDS if name in form}, doseq=True)
        following = f"{KEYS}?{typed}" if typed else KEYS
        return HttpResponseRedirect(f"{SIGN_IN}?{urlencode({'again': 1, 'next': following})}", status=303)

    def perform_action(self, action: str, key_id: str) -> HttpResponse:
        if action == "revoke":
            revoke_api_key(key_id, owner=self.user)
            return self.redirect_with_message(KEYS, said="Revoked the key.")
        made = roll_api_key(key_id, owner=self.user) if action == "roll" else self.create()
        return self.redirect_with_message(KEYS, label=made.key.label, value=made.value)

    def create(self) -> NewKey:
        form = self.request.POST
        projects = [number for text in form.getlist("project") if (number := parse_int(text)) is not None]
        days = form.get("expires", "")
        return create_api_key(
            self.user,
            label=form.get("label", "").replace("\0", ""),
            scopes=form.getlist("scope"),
            project_ids=projects,
            expires_at=get_expiry(parse_int(days) or 0) if days else None,
        )

    def render_keys(self, form: QueryDict, error: ValidationFailed | None = None) -> HttpResponse:
        """Return the page with the values of `form` in its form, and with the error at its field."""
        keys = list_api_keys(self.user)
        context = {
            "keys": keys,
            "scopes": SCOPES,
            "expiry": EXPIRY,
            "is_full": len(keys) >= MAX_KEYS_PER_USER,
            "is_unsaved": bool(form),
            "label": form.get("label", ""),
            "chosen_scopes": form.getlist("scope"),
            "chosen_projects": form.getlist("project"),
            "expires": form.get("expires", EXPIRY[0][0]),
            "error": error.detail if error else "",
            "attr": error.attr if error else "",
        }
        return self.render_page("pages/console/keys.html", context, status=400 if error else 200)
