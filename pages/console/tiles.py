"""The tiles of a dashboard: the page for editing them without JavaScript, and their forms on the board."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse

from dashboards.exceptions import DashboardNotFound
from dashboards.layout import compute_placements
from dashboards.models import ButtonPlacement, ButtonStyle, PrivilegeLevel
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import Forbidden, ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.components.tile_grid import get_tile_title
from pages.console.board import CHANGED_SINCE, BoardView
from pages.console.dashboard_forms import get_expected, write_and_offer_undo
from pages.console.tile_forms import BUTTON_FIELDS, TextChanged, TileAction, perform
from pages.console.tile_moves import MOVE, TARGET, move_to_dashboard
from users.models import Membership
from users.readers import Row

# The field that marks forms on the board. Their responses redirect to the board.
FROM_BOARD = "board"
_PANELS = {"add": "add", "add-button": "add", "add-insight": "add"}


class TilesView(BoardView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.render_tiles(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        tile_id = parse_int(request.POST.get("tile")) or 0
        if request.POST.get("action") == MOVE:
            return self.move_to(membership, number, tile_id)
        work = partial(perform, TileAction(membership, number, tile_id, request.POST))
        expected = None if "was-text" in request.POST else get_expected(request, membership, number)
        try:
            (shown, said), undo = write_and_offer_undo(membership, number, work, expected)
        except ValidationFailed as error:
            return self.render_again(
                membership, number, self.build_draft(tile_id, error.detail, error.attr), status=400
            )
        except (VersionConflict, TextChanged):
            return self.render_again(membership, number, self.build_draft(tile_id, CHANGED_SINCE, None), status=409)
        return self.redirect_with_message(self.get_next(shown, number), said=said, undo=undo)

    def move_to(self, membership: Membership, number: int, tile_id: int) -> HttpResponse:
        """Move a tile to another dashboard, and redirect to the tile on that dashboard."""
        target_id = parse_int(self.request.POST.get(TARGET))
        try:
            said, undo = move_to_dashboard(membership, number, tile_id, target_id)
        except ValidationFailed as error:
            return self.render_again(
                membership, number, self.build_draft(tile_id, error.detail, error.attr), status=400
            )
        path = f"/projects/{membership.project_id}/dashboards/{target_id}"
        return self.redirect_with_message(f"{path}#tile-{tile_id}", said=said, undo=undo)

    @property
    def is_on_board(self) -> bool:
        """Return whether the form is on the page of the dashboard."""
        return FROM_BOARD in self.request.POST

    def get_next(self, tile_id: int, dashboard_id: int) -> str:
        """Return the URL of the page with the form, with the tile as its fragment."""
        path = self.request.path.removesuffix("/tiles") if self.is_on_board else self.request.path
        mark = "tile" if self.is_on_board else "edit"
        return f"{path}#{mark}-{tile_id}" if tile_id else path

    def build_draft(self, tile_id: int, error: str, attr: str | None) -> dict[str, Any]:
        """Return the submitted values and the error, to render the form again."""
        sent = {name: self.request.POST.get(name, "") for name in ("action", "text", *BUTTON_FIELDS)}
        return {**sent, "tile": tile_id, "error": error, "attr": attr}

    def render_again(self, membership: Membership, number: int, draft: dict[str, Any], status: int) -> HttpResponse:
        """Return the page with the form, the submitted values and the error."""
        if not self.is_on_board:
            return self.render_tiles(membership, number, draft, status)
        panel = _PANELS.get(draft["action"], "tile")
        context = {"panel": panel, "adding": draft, "sent": self.request.POST.dict(), "tile_error": draft["error"]}
        return self.render_board(membership, number, context, status)

    def render_tiles(
        self, membership: Membership, number: int, draft: dict[str, Any] | None = None, status: int = 200
    ) -> HttpResponse:
        versions, dashboard = read_dashboard_revision(number, project=membership.project, viewer=membership)
        if dashboard["effective_privilege_level"] < PrivilegeLevel.CAN_EDIT:
            raise Forbidden("You don't have edit permissions for this dashboard.")
        rows = to_plain_json(dashboard["tiles"])
        places = compute_placements([row["layouts"] for row in rows])
        edits = [(row, get_tile_title(row), place) for row, place in zip(rows, places, strict=True)]
        around = {
            "project": membership.project,
            "dashboard": dashboard,
            "edits": edits,
            "placements": ButtonPlacement.values,
            "styles": ButtonStyle.values,
            "draft": draft,
            "error": draft["error"] if draft and not has_form_for(draft, rows) else None,
            "version": versions.revision,
        }
        return self.render_page("pages/console/tiles.html", around, status=status)


def has_form_for(draft: dict[str, Any], rows: list[Row]) -> bool:
    """Return whether the page contains the submitted form, in which the error is rendered."""
    kind = {"text": "text", "button": "button_tile"}.get(draft["action"])
    return draft["action"] in ("add", "add-button") or any(
        kind and row["id"] == draft["tile"] and row[kind] for row in rows
    )
