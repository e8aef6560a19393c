"""The page that edits the tiles of a dashboard without scripts: content, order and size."""

import re
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound
from dashboards.input_validation import validate_dashboard_input
from dashboards.layout import Arrangement, clamp_to_grid, compute_placements, set_placement
from dashboards.models import ButtonPlacement, ButtonStyle, PrivilegeLevel
from dashboards.models.content import TEXT_MAX_LENGTH
from dashboards.packing import GridPlacement
from dashboards.readers.dashboards import read_dashboard, read_dashboard_revision
from dashboards.services.inputs import TileInput
from dashboards.services.tiles import add_tile, delete_tile, reorder_tiles, update_tile
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import Forbidden, NotFound, ValidationFailed, VersionConflict
from dashboards_api.parsing import parse_id, parse_int
from pages.components.tile_grid import get_insight_name
from pages.console.base import ConsoleView
from pages.console.dashboard import CHANGED_SINCE
from pages.console.dashboard_forms import write_dashboard
from users.models import Membership
from users.readers import Row

# The columns and rows that each action adds.
SIZES = {"wider": (1, 0), "narrower": (-1, 0), "higher": (0, 1), "lower": (0, -1)}
STEPS = {"earlier": -1, "later": 1}
BUTTON_FIELDS = ("text", "url", "placement", "style")
# A host, optionally with a port and a path, as people type it.
BARE_ADDRESS = re.compile(r"(?:[\w-]+\.)+[A-Za-z][\w-]*(?::\d+)?(?:[/?#]\S*)?")


class TilesView(ConsoleView):
    def get(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        return self.tiles(self.enter(project_id), parse_id(id, DashboardNotFound))

    def post(self, request: HttpRequest, project_id: str, id: str) -> HttpResponse:
        membership, number = self.enter(project_id), parse_id(id, DashboardNotFound)
        tile_id = parse_int(request.POST.get("tile")) or 0
        try:
            write_dashboard(request, membership, number, partial(self.act, membership, number, tile_id))
        except ValidationFailed as error:
            return self.tiles(membership, number, self.draft(tile_id, error.detail, error.attr), status=400)
        except VersionConflict:
            return self.tiles(membership, number, self.draft(tile_id, CHANGED_SINCE, None), status=409)
        return HttpResponseRedirect(f"{request.path}#edit-{tile_id}" if tile_id else request.path, status=303)

    def draft(self, tile_id: int, error: str, attr: str | None) -> dict[str, Any]:
        """Return the submitted values and the error, to be shown in the same form again."""
        sent = {name: self.request.POST.get(name, "") for name in ("action", "text", *BUTTON_FIELDS)}
        return {**sent, "tile": tile_id, "error": error, "attr": attr}

    def act(self, membership: Membership, number: int, tile_id: int, changes: ChangeSet) -> None:
        project, action = membership.project, self.request.POST.get("action", "")
        if action == "add-button":
            add_tile(changes, number, project=project, item=self.button)
        elif action == "button":
            update_tile(changes, number, project=project, tile_id=tile_id, item=self.button)
        elif action == "add":
            add_tile(changes, number, project=project, item={"text": {"body": self.text}})
        elif action == "text":
            text: Any = {"text": {"body": self.text}}
            update_tile(changes, number, project=project, tile_id=tile_id, item=text)
        elif action == "remove":
            delete_tile(changes, number, project=project, tile_id=tile_id)
        elif action in STEPS or action in SIZES:
            tiles = to_plain_json(read_dashboard(number, project=project, viewer=membership)["tiles"])
            index = next((index for index, tile in enumerate(tiles) if tile["id"] == tile_id), None)
            if index is None:
                raise NotFound("There is no such tile on this dashboard.")
            if action in STEPS:
                order = move_in_order([tile["id"] for tile in tiles], index, STEPS[action])
                reorder_tiles(changes, number, project=project, tile_ids=order, arrangement=Arrangement.PRESERVE)
                return
            place = compute_placements([tile["layouts"] for tile in tiles])[index]
            layouts = resize(tiles[index]["layouts"], place, *SIZES[action])
            item: Any = {"layouts": layouts, **({"text": {}} if tiles[index]["text"] else {})}
            update_tile(changes, number, project=project, tile_id=tile_id, item=item)
        else:
            raise ValidationFailed("There is no such action.")

    @property
    def text(self) -> str:
        """Return the text in the form. Raises ValidationFailed if it is empty or too long."""
        text = self.request.POST.get("text", "").replace("\r\n", "\n")
        if not text.strip() or len(text) > TEXT_MAX_LENGTH:
            raise ValidationFailed(f"A text has 1 to {TEXT_MAX_LENGTH:,} characters.", attr="text")
        return text

    @property
    def button(self) -> TileInput:
        """Return the button in the form, validated by the rules of the API. Raises ValidationFailed."""
        content = {name: self.request.POST.get(name, "") for name in BUTTON_FIELDS}
        content["url"] = add_scheme(content["url"])
        [item] = validate_dashboard_input({"tiles": [{"button_tile": content}]})["tiles"]
        return item

    def tiles(
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
        return self.page("pages/console/tiles.html", around, status=status)


def has_form_for(draft: dict[str, Any], rows: list[Row]) -> bool:
    """Return whether the page has the form that was submitted, which then shows the error."""
    kind = {"text": "text", "button": "button_tile"}.get(draft["action"])
    return draft["action"] in ("add", "add-button") or any(
        kind and row["id"] == draft["tile"] and row[kind] for row in rows
    )


def add_scheme(address: str) -> str:
    """Return an address, with https if it was typed without a scheme."""
    typed = address.strip()
    return f"https://{typed}" if BARE_ADDRESS.fullmatch(typed) else address


def get_tile_title(tile: Row) -> str:
    """Return the title of the panel of a tile."""
    if tile["text"]:
        return "Text"
    return tile["button_tile"]["text"] if tile["button_tile"] else get_insight_name(tile["insight"])


def move_in_order(ids: list[int], index: int, step: int) -> list[int]:
    """Return the ids with one of them moved by a step, or unchanged at an end."""
    other = index + step
    if 0 <= other < len(ids):
        ids[index], ids[other] = ids[other], ids[index]
    return ids


def resize(layouts: dict[str, Any], place: GridPlacement, wider: int, higher: int) -> dict[str, Any]:
    """Return the layouts with the placement of a tile enlarged or reduced by columns and rows, within the grid."""
    x, y, width, height = place
    x, width, height = clamp_to_grid((x, y, width + wider, height + higher))
    return {**layouts, "sm": set_placement(layouts.get("sm"), (x, y, width, height))}
