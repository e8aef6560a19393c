"""The list of a project's dashboards, and the trash."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict

from dashboards.changelog.tracking import perform_write
from dashboards.exceptions import DashboardNotFound
from dashboards.folders import is_folder, normalize_folder
from dashboards.input_validation import validate_dashboard_input
from dashboards.models import PrivilegeLevel
from dashboards.readers.dashboards_list import ListOrder, ListQuery, list_dashboards
from dashboards.readers.folders import list_dashboard_folders
from dashboards.services.dashboards import create_dashboard, update_dashboard
from dashboards.services.inputs import DashboardInput
from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import SEARCH_MAX_LENGTH
from dashboards_api.parsing import parse_id, parse_int
from pages.console.base import ConsoleView
from pages.console.dashboard_forms import redirect_to_dashboard, write_dashboard
from users.models import Membership

PAGE_SIZE = 50
ORDERS = ((ListOrder.DEFAULT, "Name"), (ListOrder.NEWEST, "Newest"), (ListOrder.LAST_VIEWED, "Last viewed"))


class DashboardListView(ConsoleView):
    """The list of a project's dashboards, or the trash."""

    def get(self, request: HttpRequest, project_id: str) -> HttpResponse:
        return self.render_list(self.enter(project_id))

    def post(self, request: HttpRequest, project_id: str) -> HttpResponse:
        """Create a dashboard, or restore one from the trash."""
        membership = self.enter(project_id)
        if id_ := request.POST.get("restore"):
            number = parse_id(id_, DashboardNotFound)
            restored: DashboardInput = {"deleted": False}
            write_dashboard(
                request,
                membership,
                number,
                lambda changes: update_dashboard(changes, number, project=membership.project, content=restored),
            )
            return redirect_to_dashboard(membership, number)
        try:
            content = validate_dashboard_input({name: request.POST.get(name, "") for name in ("name", "folder")})
            made, _ = perform_write(
                lambda changes: create_dashboard(changes, membership.project, content=content),
                lambda result, changes: result,
                actor=membership,
            )
        except ValidationFailed as error:
            return self.render_list(membership, {"error": error.detail}, status=400)
        return redirect_to_dashboard(membership, made.pk)

    def render_list(
        self, membership: Membership, context: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        asked = self.request.GET
        query, tag = parse_query(asked), clean_text(asked.get("tag", ""))
        offset = parse_int(asked.get("offset")) or 0
        count, rows, *_ = list_dashboards(
            membership.project, viewer=membership, query=query, limit=PAGE_SIZE, offset=offset
        )
        following = offset + (len(rows) or PAGE_SIZE)
        parameters = {
            "search": query.search,
            "tag": tag,
            "folder": query.folder,
            "pinned": query.pinned and "true",
            "trash": query.deleted and "true",
            "order": query.order,
        }
        kept = {name: value for name, value in parameters.items() if value}
        around = {
            "project": membership.project,
            "dashboards": rows,
            "count": count,
            **parameters,
            "folders": list_dashboard_folders(membership.project),
            "orders": ORDERS,
            "is_admin": membership.is_admin,
            "can_edit_level": PrivilegeLevel.CAN_EDIT,
            "first": offset + 1,
            "last": offset + len(rows),
            "next": urlencode({**kept, "offset": following}) if following < count else "",
            "previous": urlencode({**kept, "offset": max(0, offset - PAGE_SIZE)}) if offset else "",
        }
        return self.render_page("pages/console/dashboards.html", {**around, **(context or {})}, status=status)


def parse_query(asked: QueryDict) -> ListQuery:
    """Return the filters and the order in a query string. Invalid values are ignored."""
    tag, order = (clean_text(asked.get(name, "")) for name in ("tag", "order"))
    folder = asked.get("folder", "").replace("\0", "")
    return ListQuery(
        search=clean_text(asked.get("search", "")),
        pinned=asked.get("pinned") == "true" or None,
        tags=(tag.lower(),) if tag else (),
        folder=(normalize_folder(folder) or "") if is_folder(folder) else "",
        deleted=asked.get("trash") == "true",
        order=ListOrder(order) if order in list(ListOrder) else ListOrder.DEFAULT,
    )


def clean_text(text: str) -> str:
    """Return a parameter of a query string without null characters, truncated to the maximum length of a search."""
    return text.replace("\0", "")[:SEARCH_MAX_LENGTH]
