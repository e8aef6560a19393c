"""The content of the benchmark projects, generated from a fixed random seed.

The models compute derived columns, so a new derived column needs no change here.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from random import Random
from typing import Any, NamedTuple

from django.core.management import call_command, get_commands
from django.db import transaction

from benchmarks.bulk_insert import bulk_insert, continue_ids, disable_constraint_checks, next_id
from benchmarks.users import Team, make_team, make_uuid
from dashboards.models import Dashboard, DashboardTag, Insight, SharingConfiguration, Tag, Tile
from dashboards.models.insight import SHORT_ID_LENGTH
from users.models import Project
from users.models.personal_api_key import encode_base62

SEED = 1
DASHBOARDS_AT_ONCE = 2_000
TAGS = 200
START = datetime(2024, 1, 1, tzinfo=UTC)
SUBJECTS = ("Retention", "Growth", "Revenue", "Onboarding", "Web traffic", "Funnels", "Operations", "Errors")
COLORS = (None, "blue", "green", "purple", "black")


class Filled(NamedTuple):
    """An API key, and the ids of the two projects."""

    key: str
    big: int
    small: int


@transaction.atomic
def fill(dashboards: int, *, tiles: int = 10, small: int = 1_000) -> Filled:
    """Create a big and a small project in one transaction, with the given number of `tiles` per dashboard."""
    random = Random(SEED)
    disable_constraint_checks()
    team = make_team(random)
    for project, number in ((team.big, dashboards), (team.small, small)):
        _Filler(project, team, tiles, random).add(number)
    continue_ids(Dashboard, DashboardTag, Insight, SharingConfiguration, Tile)
    _keep_counts()
    return Filled(team.key, team.big.pk, team.small.pk)


def _keep_counts() -> None:
    """Recount the dashboards of each list, because bulk inserts do not update the stored counts."""
    if "recount_dashboards" in get_commands():
        call_command("recount_dashboards", stdout=StringIO())


class _Filler:
    """A builder of the content of one project. It inserts dashboards in batches, and shares 10% of them."""

    def __init__(self, project: Project, team: Team, tiles: int, random: Random) -> None:
        self.project_id = project.pk
        self.user_ids = [user.pk for user in team.users]
        self.tiles_each = tiles
        self.random = random
        tags = [Tag(project=project, name=f"tag-{number:03}") for number in range(1, TAGS + 1)]
        self.tags = Tag.objects.bulk_create(tags)
        self.next_ids = {model: next_id(model) for model in (Dashboard, DashboardTag, Insight, Tile)}

    def add(self, dashboards: int) -> None:
        for done in range(0, dashboards, DASHBOARDS_AT_ONCE):
            tagged = [self.dashboard(done) for done in range(done, min(done + DASHBOARDS_AT_ONCE, dashboards))]
            boards = [board for board, _ in tagged]
            insights = [insight for board in boards for insight in self.insights(board)]
            bulk_insert(boards)
            bulk_insert([self.sharing(board) for board in boards])
            for rows in ([link for board, tags in tagged for link in self.links(board, tags)], insights):
                if rows:
                    bulk_insert(rows)
            if insights:
                bulk_insert([self.tile(boards[index // self.tiles_each], each) for index, each in enumerate(insights)])

    def dashboard(self, number: int) -> tuple[Dashboard, list[Tag]]:
        """Create a dashboard with two tags on average. 5% of dashboards are deleted, 2% pinned and 5% restricted."""
        random = self.random
        tags = sorted(random.sample(self.tags, random.randrange(5)), key=lambda tag: tag.name)
        board = Dashboard(
            id=self.take_id(Dashboard),
            project_id=self.project_id,
            name=f"{random.choice(SUBJECTS)} board {number} {random.getrandbits(40):010x}",
            description=f"Weekly review number {number}: the key numbers of the team and what moved them.",
            pinned=random.random() < 0.02,
            restriction_level=37 if random.random() < 0.05 else 21,
            created_at=START + timedelta(minutes=number),
            created_by_id=random.choice(self.user_ids),
        )
        if random.random() < 0.05:
            board.mark_deleted(make_uuid(random), with_insights=False)
        board.derive([tag.name for tag in tags])
        return board, tags

    def sharing(self, board: Dashboard) -> SharingConfiguration:
        enabled = self.random.random() < 0.1
        return SharingConfiguration(
            id=board.pk,
            dashboard_id=board.pk,
            enabled=enabled,
            access_token=urlsafe_b64encode(self.random.randbytes(22)).decode().rstrip("="),
            created_at=board.created_at if enabled else None,
        )

    def links(self, board: Dashboard, tags: list[Tag]) -> Iterator[DashboardTag]:
        for tag in tags:
            yield DashboardTag(id=self.take_id(DashboardTag), dashboard_id=board.pk, tag_id=tag.pk)

    def insights(self, board: Dashboard) -> Iterator[Insight]:
        for position in range(self.tiles_each):
            id_ = self.take_id(Insight)
            insight = Insight(
                id=id_,
                project_id=self.project_id,
                short_id="i" + encode_base62(id_).rjust(SHORT_ID_LENGTH - 1, "0"),
                name=f"{self.random.choice(SUBJECTS)} by day {id_}",
                description="What this chart shows and why it is watched.",
                query=_query(self.random, position),
                saved=True,
                created_at=board.created_at,
                created_by_id=self.random.choice(self.user_ids),
                updated_at=board.created_at,
                last_modified_at=board.created_at,
                last_modified_by_id=self.random.choice(self.user_ids),
            )
            insight.derive([])
            yield insight

    def tile(self, board: Dashboard, insight: Insight) -> Tile:
        id_ = self.take_id(Tile)
        tile = Tile(
            id=id_,
            project_id=self.project_id,
            dashboard_id=board.pk,
            insight_id=insight.pk,
            color=self.random.choice(COLORS),
            created_at=board.created_at,
            deleted=board.deleted,
            deletion_id=board.deletion_id,
        )
        tile.set_layouts(_layouts(id_ % max(self.tiles_each, 1)))
        return tile

    def take_id(self, model: type[Any]) -> int:
        id_ = self.next_ids[model]
        self.next_ids[model] += 1
        return id_


def _layouts(position: int) -> dict[str, Any]:
    row, column = divmod(position, 2)
    return {
        "sm": {"x": column * 6, "y": row * 5, "w": 6, "h": 5, "minW": 3, "minH": 5},
        "xs": {"x": 0, "y": position * 5, "w": 1, "h": 5, "minW": 1, "minH": 5},
    }


def _query(random: Random, position: int) -> dict[str, Any]:
    """Return a query of about 600 bytes."""
    events = [f"event_{random.randrange(1000)}" for _ in range(3)]
    return {
        "kind": "InsightVizNode",
        "source": {
            "kind": "TrendsQuery",
            "series": [{"kind": "EventsNode", "event": event, "name": event, "math": "dau"} for event in events],
            "interval": "day",
            "dateRange": {"date_from": f"-{position + 7}d", "date_to": None},
            "breakdownFilter": {"breakdown": "$browser", "breakdown_type": "event"},
            "properties": [{"key": "$country", "value": ["CH", "NL"], "operator": "exact", "type": "event"}],
            "trendsFilter": {"display": "ActionsLineGraph", "showLegend": True},
            "filterTestAccounts": True,
        },
    }
