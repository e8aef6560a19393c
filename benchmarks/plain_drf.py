"""The plain service: ordinary Django REST framework on the same tables, with the right prefetching.

The plain service has the same list and dashboard responses as the service, field by field.
"""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import include, path
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from benchmarks.plain_access import IsMember
from dashboards.access import (
    Restriction,
    get_insight_access_level,
    get_insight_levels,
    get_privilege_level,
    get_user_access_level,
)
from dashboards.models import Button, Collaborator, Dashboard, Insight, Text, Tile
from dashboards.readers.insight_results import UNUSED
from queries.readers.fields import build_result_fields
from queries.readers.results import NO_QUERY
from users.models import Membership, User
from users.readers import USER_FIELDS


class Serializer(serializers.ModelSerializer[Any]):
    @property
    def viewer(self) -> Membership:
        membership: Membership = self.context["view"].membership
        return membership


def get_restriction(board: Dashboard) -> Restriction:
    """Return the restriction of a dashboard, whose prefetched collaborators must include only the viewer."""
    return Restriction(board.created_by_id, board.restriction_level, bool(board.collaborators.all()))


class UserSerializer(Serializer):
    hedgehog_config = serializers.ReadOnlyField(default=None)
    role_at_organization = serializers.ReadOnlyField(default=None)

    class Meta:
        model = User
        fields = [*USER_FIELDS, "hedgehog_config", "role_at_organization"]


class JSONSerializer(Serializer):
    """A serializer for models with JSON fields, which DRF would treat as text."""

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        if model_field.__class__.__name__ == "JSONTextField":
            return serializers.JSONField, {}
        return super().build_standard_field(field_name, model_field)


class TileOfContentSerializer(Serializer):
    class Meta:
        model = Tile
        fields = ["id", "dashboard_id", "deleted"]


class InsightSerializer(JSONSerializer):
    created_by = UserSerializer()
    last_modified_by = UserSerializer()
    tags = serializers.SerializerMethodField()
    dashboards = serializers.SerializerMethodField()
    dashboard_tiles = TileOfContentSerializer(source="tiles", many=True)
    effective_restriction_level = serializers.SerializerMethodField()
    effective_privilege_level = serializers.SerializerMethodField()
    user_access_level = serializers.SerializerMethodField()
    _create_in_folder = serializers.ReadOnlyField(source="create_in_folder")

    class Meta:
        model = Insight
        fields = [
            *("id", "short_id", "name", "derived_name", "description", "order", "deleted", "saved", "favorited"),
            *("folder", "_create_in_folder"),
            *("is_sample", "created_at", "updated_at", "last_modified_at", "created_by", "last_modified_by"),
            *("query", "filters", "tags", "dashboards", "dashboard_tiles", "effective_restriction_level"),
            *("effective_privilege_level", "user_access_level"),
        ]

    def restrictions(self, insight: Insight) -> list[Restriction]:
        return [get_restriction(tile.dashboard) for tile in insight.tiles.all()]

    def get_tags(self, insight: Insight) -> list[str]:
        return sorted(link.tag.name for link in insight.tag_links.all())

    def get_dashboards(self, insight: Insight) -> list[int]:
        return [tile.dashboard_id for tile in insight.tiles.all()]

    def get_effective_restriction_level(self, insight: Insight) -> int:
        return get_insight_levels(self.viewer, self.restrictions(insight)).restriction

    def get_effective_privilege_level(self, insight: Insight) -> int:
        return get_insight_levels(self.viewer, self.restrictions(insight)).privilege

    def get_user_access_level(self, insight: Insight) -> str:
        privilege = get_insight_levels(self.viewer, self.restrictions(insight)).privilege
        return get_insight_access_level(self.viewer, insight.created_by_id, privilege)

    def to_representation(self, instance: Insight) -> dict[str, Any]:
        return {**super().to_representation(instance), **build_result_fields(NO_QUERY, 0), **UNUSED}


class TextSerializer(Serializer):
    created_by = UserSerializer()
    last_modified_by = UserSerializer()
    team = serializers.IntegerField(source="project_id")
    dashboard_tiles = TileOfContentSerializer(source="tiles", many=True)

    class Meta:
        model = Text
        fields = ["id", "body", "last_modified_at", "created_by", "last_modified_by", "team", "dashboard_tiles"]


class ButtonSerializer(TextSerializer):
    class Meta:
        model = Button
        fields = [*("url", "text", "placement", "style"), *(f for f in TextSerializer.Meta.fields if f != "body")]


class TileSerializer(JSONSerializer):
    order = serializers.SerializerMethodField()
    insight = InsightSerializer()
    text = TextSerializer()
    button_tile = ButtonSerializer(source="button")
    last_refresh = serializers.ReadOnlyField(default=None)
    is_cached = serializers.ReadOnlyField(default=False)

    class Meta:
        model = Tile
        fields = [
            *("id", "order", "layouts", "color", "insight", "text", "button_tile", "filters_overrides"),
            *("show_description", "transparent_background", "last_refresh", "is_cached"),
        ]

    def get_order(self, tile: Tile) -> int:
        return [each.pk for each in tile.dashboard.tiles.all()].index(tile.pk)


class DashboardBasicSerializer(JSONSerializer):
    created_by = UserSerializer()
    is_shared = serializers.BooleanField(source="sharing_configuration.enabled")
    tags = serializers.SerializerMethodField()
    effective_restriction_level = serializers.IntegerField(source="restriction_level")
    effective_privilege_level = serializers.SerializerMethodField()
    user_access_level = serializers.SerializerMethodField()
    access_control_version = serializers.SerializerMethodField()
    last_viewed_at = serializers.ReadOnlyField(default=None)
    last_refresh = serializers.ReadOnlyField(default=None)
    team_id = serializers.IntegerField(source="project_id")
    search_match_type = serializers.ReadOnlyField(default=None)

    class Meta:
        model = Dashboard
        fields = [
            *("id", "name", "description", "folder", "pinned", "created_at", "created_by", "is_shared", "deleted"),
            *("creation_mode", "tags", "restriction_level", "effective_restriction_level"),
            *("effective_privilege_level", "user_access_level", "access_control_version", "last_accessed_at"),
            *("last_viewed_at", "last_refresh", "team_id", "search_match_type"),
        ]

    def get_tags(self, board: Dashboard) -> list[str]:
        return sorted(link.tag.name for link in board.tag_links.all())

    def get_effective_privilege_level(self, board: Dashboard) -> int:
        return get_privilege_level(self.viewer, get_restriction(board))

    def get_user_access_level(self, board: Dashboard) -> str:
        return get_user_access_level(self.viewer, get_restriction(board))

    def get_access_control_version(self, board: Dashboard) -> str:
        return "v1" if board.restriction_level > 21 else "v2"


class DashboardSerializer(DashboardBasicSerializer):
    search_match_type = None  # type: ignore[assignment]  # so that DRF removes the inherited field
    persisted_filters = serializers.SerializerMethodField()
    persisted_variables = serializers.SerializerMethodField()
    customization = serializers.SerializerMethodField()
    quick_filter_ids = serializers.ReadOnlyField(default=[])
    tiles = TileSerializer(many=True)

    class Meta:
        model = Dashboard
        fields = [
            *(field for field in DashboardBasicSerializer.Meta.fields if field != "search_match_type"),
            *("use_template", "use_dashboard", "delete_insights", "filters", "variables", "persisted_filters"),
            *("persisted_variables", "breakdown_colors", "data_color_theme_id", "quick_filter_ids", "tiles"),
            *("grid_spacing", "layout_compaction", "customization"),
        ]

    def get_customization(self, board: Dashboard) -> Any:
        return {"tile_spacing": board.grid_spacing, "layout_compaction": board.layout_compaction}

    def get_persisted_filters(self, board: Dashboard) -> Any:
        return board.filters or None

    def get_persisted_variables(self, board: Dashboard) -> Any:
        return board.variables or None


class DashboardViewSet(viewsets.ReadOnlyModelViewSet[Dashboard]):
    permission_classes = [IsMember]
    membership: Membership

    def get_serializer_class(self) -> Any:
        return DashboardBasicSerializer if self.action == "list" else DashboardSerializer

    def get_queryset(self) -> QuerySet[Dashboard]:
        found = Dashboard.objects.filter(project_id=self.kwargs["project_id"], deleted=False)
        found = found.select_related("created_by", "sharing_configuration").prefetch_related(
            "tag_links__tag", Prefetch("collaborators", self._viewer())
        )
        if self.action == "list":
            search = self.request.query_params.get("search", "")
            found = found.filter(search_text__contains=search.lower()) if search else found
            return found.exclude(creation_mode="unlisted").order_by("-pinned", "name_key", "id")
        return found.prefetch_related(Prefetch("tiles", self._tiles()))

    def _viewer(self) -> QuerySet[Collaborator]:
        return Collaborator.objects.filter(membership=self.membership, level__gte=37)

    def _tiles(self) -> QuerySet[Tile]:
        """Return tiles with their content, and the other tiles of the same content."""
        others = Tile.objects.filter(deleted=False).order_by("id").select_related("dashboard")
        others = others.prefetch_related(Prefetch("dashboard__collaborators", self._viewer()))
        kinds, roles = ("insight", "text", "button"), ("created_by", "last_modified_by")
        people = [f"{kind}__{role}" for kind in kinds for role in roles]
        return (
            Tile.objects.visible()
            .select_related(*kinds, *people)
            .prefetch_related(
                "insight__tag_links__tag",
                *(Prefetch(f"{kind}__tiles", others) for kind in kinds),
            )
            .order_by("sort_y", "sort_x", "id")
        )


router = SimpleRouter()
router.register("dashboards", DashboardViewSet, "dashboard")
urlpatterns = [path("api/projects/<int:project_id>/", include(router.urls))]
