"""The form for the date range and the filters of a dashboard, which apply to all its insights."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet, IfMatchVersions
from dashboards.exceptions import DashboardNotFound
from dashboards.input_validation import validate_dashboard_input
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.services.dashboards import update_dashboard
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id
from pages.console.board import CHANGED_SINCE, BoardView
from pages.console.dashboard_forms import write_and_offer_undo
from pages.console.forms.dashboard_filters import build_filters, read_filters
from pages.console.forms.merging import WAS, load_values, merge_values, read_values


class FiltersView(BoardView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return HttpResponseRedirect(f"{request.path.removesuffix('/filters')}?panel=filters")

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        project = membership.project
        versions, dashboard = read_dashboard_revision(number, project=project, viewer=membership)
        stored: dict[str, Any] = to_plain_json(dashboard["filters"])
        sent, was = read_values(request.POST), load_values(request.POST.get(WAS, ""))
        values, conflicts = merge_values(sent, was, read_filters(stored))
        context = {"panel": "filters", "filter_values": values}
        if conflicts:
            return self.render_board(membership, number, {**context, "error": CHANGED_SINCE}, status=409)
        try:
            content = validate_dashboard_input({"filters": build_filters(values, stored)})
        except ValidationFailed as error:
            refused = {**context, "error": error.detail, "attr": error.attr}
            return self.render_board(membership, number, refused, status=400)

        def work(changes: ChangeSet) -> None:
            update_dashboard(changes, number, project=project, content=content)

        expected = IfMatchVersions(number, project, {versions.revision})
        try:
            _, undo = write_and_offer_undo(membership, number, work, expected)
        except VersionConflict:  # the dashboard was changed after the read
            return self.render_board(membership, number, {**context, "error": CHANGED_SINCE}, status=409)
        return self.redirect_with_message(
            request.path.removesuffix("/filters"), said="Applied the filters to all insights.", undo=undo
        )
