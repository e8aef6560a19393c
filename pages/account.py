"""The page of one's own account: a new password."""

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse

from dashboards_api.errors import Forbidden, Invalid
from pages.console import ConsoleView
from users.services.sign_in import change_password


class AccountView(ConsoleView):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("pages/account.html", {})

    def post(self, request: HttpRequest) -> HttpResponse:
        current, new = (request.POST.get(name, "") for name in ("current", "new"))
        try:
            change_password(self.user, current=current, new=new, address=request.META.get("REMOTE_ADDR", ""))
        except Invalid as error:
            return self.page("pages/account.html", {"error": error.detail, "attr": error.attr}, status=400)
        except Forbidden as error:
            return self.page("pages/account.html", {"error": error.detail}, status=403)
        update_session_auth_hash(request, self.user)  # every other session is over
        return self.page("pages/account.html", {"is_changed": True})
