"""How many tiles a dashboard holds."""

from collections.abc import Collection

from django.db.models import Count

from dashboards.exceptions import TooManyTiles
from dashboards.models import Tile
from dashboards.services.states import Shown, states

TILES_MAX = 1000


def check_room(dashboard_ids: Collection[int]) -> None:
    """See at once whether a dashboard became too full, and not when all is written down. Raises TooManyTiles."""
    tiles = Tile.objects.not_deleted().filter(dashboard__in=dashboard_ids).values("dashboard").annotate(n=Count("pk"))
    for shown in states(list(tiles.filter(n__gt=TILES_MAX).values_list("dashboard", flat=True))):
        check_shown(shown)


def check_shown(shown: Shown) -> None:
    """Raises TooManyTiles. A dashboard that had too many already may keep them."""
    before = len(shown.before["tiles"]) if shown.before else 0
    if len(shown.state["tiles"]) > max(before, TILES_MAX):
        raise TooManyTiles(TILES_MAX)
