"""What the services may refuse, each with a code and the part of the request that is to blame."""

from dashboards_api.errors import Invalid, Missing


class DashboardMissing(Missing):
    def __init__(self) -> None:
        super().__init__("Not found.")


class TileNotOnDashboard(Invalid):
    code = "does_not_exist"

    def __init__(self, index: int, attr: str = "") -> None:
        path = f"tiles__{index}__{attr}" if attr else f"tiles__{index}"
        super().__init__("There is no such tile on this dashboard.", attr=path)


class ContentNotOnDashboard(Invalid):
    code = "does_not_exist"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind} on this dashboard.", attr=kind)


class InsightMissing(Invalid):
    code = "does_not_exist"

    def __init__(self, index: int) -> None:
        super().__init__("There is no such insight in this project.", attr=f"tiles__{index}__insight")
