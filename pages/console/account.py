"""The page of the user's own account, for changing the password."""

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from dashboards_api.errors import Forbidden, ValidationFailed
from pages.console.base import ConsoleView
from users.services.sign_in import change_password, hash_new_password


class AccountView(ConsoleView):
    password_hash: str

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render_page("pages/console/account.html", {})

    def prepare(self, request: HttpRequest) -> HttpResponse | None:
        current, new = (request.POST.get(name, "") for name in ("current", "new"))
        address = request.META.get("REMOTE_ADDR", "")
        try:
            self.password_hash = hash_new_password(self.user, current=current, new=new, address=address)
        except ValidationFailed as error:
            return self.render_error(error)
        except Forbidden as error:
            return self.render_page("pages/console/account.html", {"error": error.detail}, status=403)
        return None

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            with transaction.atomic():
                change_password(self.user, self.password_hash)
                update_session_auth_hash(request, self.user)  # keeps this session; other sessions end
        except ValidationFailed as error:
            return self.render_error(error)
        return self.redirect_with_message(request.path, said="Your password is changed. Other browsers are signed out.")

    def render_error(self, error: ValidationFailed) -> HttpResponse:
        return self.render_page("pages/console/account.html", {"error": error.detail, "attr": error.attr}, status=400)
