"""`…/dashboards/:id/tiles/`, `move_tile/`, `copy_tile/` and the other actions on the tiles of a dashboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dashboards.exceptions import DashboardNotFound
from dashboards.layout import Arrangement
from dashboards.readers.tiles import read_tile
from dashboards.serializers.dashboards import DashboardSerializer
from dashboards.serializers.tiles import DashboardTileSerializer
from dashboards.serializers.tiles_actions import (
    CopyTileRequestSerializer,
    CreateTextTileRequestSerializer,
    MoveTileRequestSerializer,
    OneTileRequestSerializer,
    ReorderTilesRequestSerializer,
    UpdateTextTileRequestSerializer,
    UpdateTileRequestSerializer,
)
from dashboards.serializers.tiles_request import DashboardTileRequestSerializer, remove_own_ids
from dashboards.services.inputs import TileInput
from dashboards.services.tiles import add_tile, copy_tile, delete_tile, move_tile, reorder_tiles, update_tile
from dashboards.views.base import (
    DASHBOARD_ID,
    INCLUDE_DASHBOARDS,
    build_dashboard_response,
    leave_out_dashboards_of_tiles,
    write_dashboard,
)
from dashboards_api.errors import ValidationFailed
from dashboards_api.http.openapi import IF_MATCH, PROJECT_ID, describe_body, operation_ids
from dashboards_api.parsing import parse_id
from users.viewsets import ProjectScopedViewSet

PATH = [PROJECT_ID, DASHBOARD_ID, IF_MATCH]

# For operations whose response may contain insights.
INSIGHT_PATH = [*PATH, INCLUDE_DASHBOARDS]


@operation_ids("dashboards")
class TileViewSet(ProjectScopedViewSet):
    tag = "tiles"
    scope_object = "dashboard"
    has_versions = True
    required_scopes: ClassVar[dict[str, list[str]]] = {
        "tiles": ["dashboard:write"],
        "move_tile": ["dashboard:write"],
        "copy_tile": ["dashboard:write"],
        "reorder_tiles": ["dashboard:write"],
        "create_text_tile": ["dashboard:write"],
        "update_text_tile": ["dashboard:write"],
        "update_tile": ["dashboard:write"],
        "delete_tile": ["dashboard:write"],
    }

    @extend_schema(
        parameters=INSIGHT_PATH,
        request=describe_body(DashboardTileRequestSerializer),
        responses={201: DashboardTileSerializer},
    )
    def tiles(self, request: Request, project_id: str, id: str) -> Response:
        """Add a tile. The body is one item of `tiles` in an update of the dashboard: an insight, a text or a button."""
        dashboard_id = parse_id(id, DashboardNotFound)
        item: Any = self.read_body(DashboardTileRequestSerializer, prepare=remove_own_ids)
        return self._add(dashboard_id, item)

    @extend_schema(
        parameters=PATH,
        request=describe_body(CreateTextTileRequestSerializer),
        responses={201: DashboardTileSerializer},
    )
    def create_text_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Add a text tile. With `type: image`, the text must be exactly one image in Markdown."""
        dashboard_id = parse_id(id, DashboardNotFound)
        item = self.read_body(CreateTextTileRequestSerializer)
        return self._add(dashboard_id, {**item, "text": {"body": item.pop("body")}})  # type: ignore[typeddict-item]  # the body of a text tile is its text

    @extend_schema(
        parameters=PATH, request=describe_body(UpdateTextTileRequestSerializer), responses=DashboardTileSerializer
    )
    def update_text_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Update a text tile. Its text and its display can be changed. Fields that are not sent stay as they are."""
        dashboard_id = parse_id(id, DashboardNotFound)
        body = self.read_body(UpdateTextTileRequestSerializer)
        body["text"] = {"body": body.pop("body")} if "body" in body else {}
        return self._change(dashboard_id, body)

    @extend_schema(
        parameters=INSIGHT_PATH, request=describe_body(UpdateTileRequestSerializer), responses=DashboardTileSerializer
    )
    def update_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Update a tile.

        The display of a tile with an insight or a button can be changed. Fields that are not sent stay as they are.
        """
        dashboard_id = parse_id(id, DashboardNotFound)
        return self._change(dashboard_id, self.read_body(UpdateTileRequestSerializer))

    @extend_schema(
        parameters=PATH,
        request=describe_body(OneTileRequestSerializer),
        responses={204: OpenApiResponse(description="The tile is removed. There is no response body.")},
    )
    def delete_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Remove a tile. The other tiles are moved up into the gap. The content of the tile is kept."""
        dashboard_id = parse_id(id, DashboardNotFound)
        tile_id = self.read_body(OneTileRequestSerializer)["tile_id"]
        return write_dashboard(
            self,
            dashboard_id,
            lambda changes: delete_tile(changes, dashboard_id, project=self.project, tile_id=tile_id),
            lambda _: Response(status=204),
        )

    @extend_schema(
        parameters=INSIGHT_PATH,
        request=describe_body(MoveTileRequestSerializer),
        responses=DashboardSerializer,
    )
    def move_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Move a tile to another dashboard. The tile keeps its id and its content.

        The response is this dashboard, without the tile.
        """
        dashboard_id = parse_id(id, DashboardNotFound)
        body = self.read_body(MoveTileRequestSerializer)
        tile_id, target_id = body["tile_id"], body["to_dashboard"]
        return write_dashboard(
            self,
            dashboard_id,
            lambda changes: move_tile(
                changes, dashboard_id, project=self.project, tile_id=tile_id, to_dashboard_id=target_id
            ),
            lambda _: build_dashboard_response(self, dashboard_id),
            others=[target_id],
        )

    @extend_schema(
        parameters=INSIGHT_PATH, request=describe_body(CopyTileRequestSerializer), responses=DashboardSerializer
    )
    def copy_tile(self, request: Request, project_id: str, id: str) -> Response:
        """Copy a tile from another dashboard.

        Both dashboards then show the same content. If the caller may not edit the other dashboard, the content is
        copied.
        """
        dashboard_id = parse_id(id, DashboardNotFound)
        body = self.read_body(CopyTileRequestSerializer)
        return write_dashboard(
            self,
            dashboard_id,
            lambda changes: copy_tile(changes, dashboard_id, project=self.project, **body),
            lambda _: build_dashboard_response(self, dashboard_id),
        )

    @extend_schema(
        parameters=INSIGHT_PATH, request=describe_body(ReorderTilesRequestSerializer), responses=DashboardSerializer
    )
    def reorder_tiles(self, request: Request, project_id: str, id: str) -> Response:
        """Reorder the tiles. Tiles that are not named follow the named tiles."""
        dashboard_id = parse_id(id, DashboardNotFound)
        body = self.read_body(ReorderTilesRequestSerializer)
        order, arrangement = body["tile_order"], Arrangement(body.get("layout", Arrangement.PRESERVE))
        return write_dashboard(
            self,
            dashboard_id,
            lambda changes: reorder_tiles(
                changes, dashboard_id, project=self.project, tile_ids=order, arrangement=arrangement
            ),
            lambda _: build_dashboard_response(self, dashboard_id),
        )

    def _add(self, dashboard_id: int, item: TileInput) -> Response:
        with errors_in_body():
            return write_dashboard(
                self,
                dashboard_id,
                lambda changes: add_tile(changes, dashboard_id, project=self.project, item=item),
                lambda tile: self._build_response(dashboard_id, tile.pk, status=201),
            )

    def _change(self, dashboard_id: int, body: dict[str, Any]) -> Response:
        tile_id = body.pop("tile_id")
        item: Any = body
        with errors_in_body():
            return write_dashboard(
                self,
                dashboard_id,
                lambda changes: update_tile(changes, dashboard_id, project=self.project, tile_id=tile_id, item=item),
                lambda _: self._build_response(dashboard_id, tile_id),
            )

    def _build_response(self, dashboard_id: int, tile_id: int, status: int = 200) -> Response:
        tile = read_tile(dashboard_id, tile_id, viewer=self.membership)
        leave_out_dashboards_of_tiles(self, [tile])
        return Response(tile, status=status)


@contextmanager
def errors_in_body() -> Iterator[None]:
    """Report errors of the tile item with their path in the body."""
    try:
        yield
    except ValidationFailed as error:
        error.attr = error.attr and error.attr.removeprefix("tiles__0__")
        raise
