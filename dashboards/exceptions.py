"""What the services may refuse, each with a code and the part of the request that is to blame."""

from collections.abc import Iterable

from dashboards_api.choices import closest_match
from dashboards_api.errors import Conflict, Forbidden, NotFound, PasswordRequired, ValidationFailed


class DashboardNotFound(NotFound):
    """The dashboard that the path, or the body of an action, names."""

    def __init__(self, detail: str = "Not found.") -> None:
        super().__init__(detail)


class SharePasswordRequired(PasswordRequired):
    """The shared dashboard opens with a password only."""

    def __init__(self) -> None:
        super().__init__("This dashboard is protected by a password.")


class WrongSharePassword(PasswordRequired):
    """The password does not open the shared dashboard."""

    def __init__(self) -> None:
        super().__init__("Incorrect password", code="incorrect_password")


class SharePasswordNotFound(NotFound):
    """The password of a shared dashboard that the path names."""

    def __init__(self) -> None:
        super().__init__("There is no such password.")


class OverrideNotAllowed(Forbidden):
    """A viewer of a shared dashboard wants to see other filters or variables than its sharing allows."""

    def __init__(self, name: str) -> None:
        super().__init__(f"This shared dashboard does not let viewers change {name!r}.")


class DashboardTemplateNotFound(NotFound):
    """The stored template that the path names."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class InsightNotFound(NotFound):
    """The insight that the path names."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class CollaboratorNotFound(NotFound):
    """The collaborator that the path names by the user's uuid."""

    def __init__(self) -> None:
        super().__init__("There is no such collaborator on this dashboard.")


class TileNotFound(NotFound):
    """The tile that an action is to act on."""

    def __init__(self) -> None:
        super().__init__("There is no such tile on this dashboard.")


class TileNotOnDashboard(ValidationFailed):
    """A tile item names a tile of nowhere or elsewhere."""

    code = "does_not_exist"

    def __init__(self, index: int, attr: str = "", within: str = "tiles") -> None:
        path = f"{within}__{index}__{attr}" if attr else f"{within}__{index}"
        super().__init__("There is no such tile on this dashboard.", attr=path)


class ContentNotOnDashboard(ValidationFailed):
    """A tile item names a text or a button of nowhere or elsewhere."""

    code = "does_not_exist"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind} on this dashboard.", attr=kind)


class InsightNotInProject(ValidationFailed):
    """A tile item names an insight of nowhere or elsewhere."""

    code = "does_not_exist"

    def __init__(self, index: int) -> None:
        super().__init__("There is no such insight in this project.", attr=f"tiles__{index}__insight")


class DashboardNotInProject(ValidationFailed):
    """A body names a dashboard of nowhere or elsewhere."""

    code = "does_not_exist"

    def __init__(self, attr: str) -> None:
        super().__init__("There is no such dashboard in this project.", attr=attr)


class InsightNotOnDashboard(ValidationFailed):
    """An insight is asked for as a dashboard shows it that it is not on."""

    code = "does_not_exist"

    def __init__(self) -> None:
        super().__init__("The insight is not on this dashboard.", attr="from_dashboard")


class ContentAlreadyOnDashboard(ValidationFailed):
    """The dashboard shows this content already."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("The dashboard shows this already.", attr=attr)


class DuplicateTile(ValidationFailed):
    """Two items of a request are about the same tile, or the same content of one."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("An earlier item of this request is about the same tile.", attr=attr)


class VersionNotFound(NotFound):
    """The version of a dashboard that the path names."""

    def __init__(self) -> None:
        super().__init__("There is no such version of this dashboard.")


class UnknownKey(ValidationFailed):
    """A key of nobody in the project, with which nothing was done there."""

    code = "does_not_exist"

    def __init__(self) -> None:
        detail = "No member of this project has this key, and nothing was done with it here. It is `job_id` in the log."
        super().__init__(detail, attr="key_id")


class TooMuchToUndo(ValidationFailed):
    """More was done than one undo covers. `what` names it and the number that is exceeded."""

    code = "too_many"

    def __init__(self, what: str) -> None:
        detail = f"There are {what} in this time, more than one request undoes."
        super().__init__(f"{detail} Undo them in parts, the latest first: send a later `since`.", attr="since")


class TooLarge(ValidationFailed):
    """A value is larger than its field takes, and than what is stored there."""

    code = "max_length"

    def __init__(self, attr: str, *, size: int, most: int, as_json: bool = False) -> None:
        unit = "characters as JSON" if as_json else "characters"
        super().__init__(f"At most {most:,} {unit}; this has {size:,}.", attr=attr)
        self.size, self.most, self.as_json = size, most, as_json

    def within(self, path: str) -> "TooLarge":
        """The same for a field of something that lies below this path."""
        return TooLarge(f"{path}__{self.attr}", size=self.size, most=self.most, as_json=self.as_json)


class TooManyTags(ValidationFailed):
    """More tags than one dashboard, insight or template has."""

    code = "max_length"

    def __init__(self, number: int, most: int) -> None:
        super().__init__(f"At most {most} tags; these are {number}.", attr="tags")


class DashboardTooLarge(ValidationFailed):
    """What a dashboard would hold altogether is too much. `what` says of what."""

    code = "max_length"

    def __init__(self, what: str, *, size: int, most: int, attr: str | None = None) -> None:
        super().__init__(f"A dashboard holds at most {most:,} characters of {what}; this would be {size:,}.", attr=attr)


class TooManyTiles(ValidationFailed):
    """A dashboard would hold more tiles than one can."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A dashboard holds at most {most} tiles.", attr="tiles")


class OnTooManyDashboards(ValidationFailed):
    """An insight, a text or a button would be on too many dashboards."""

    code = "too_many"

    def __init__(self, kind: str, most: int, attr: str | None = None) -> None:
        super().__init__(
            f"The same {kind} is on at most {most} dashboards. Copy it with content of its own: `duplicate_tiles`.",
            attr=attr,
        )


class TooManyTilesTouched(ValidationFailed):
    """Insights of a bulk operation are on dashboards that hold more tiles than one request may write down."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        detail = f"The dashboards that show these insights hold more than {most:,} tiles: name fewer insights."
        super().__init__(detail, attr="ids")


class TooManyTilesChanged(ValidationFailed):
    """Content would be changed on too many dashboards at once."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Other dashboards show this content in more than {most:,} tiles. Change less of it in one request.",
            attr="tiles",
        )


class TooManyTilesRestored(ValidationFailed):
    """More tiles would come back with their dashboards than one request restores."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"These dashboards have more than {most:,} tiles. Restore fewer in one request.", attr="ids")


class TemplateNotFound(ValidationFailed):
    """A body names a template that there is not."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        nearest = closest_match(name, known)
        guess = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"There is no template with the name {name!r}.{guess}", attr="use_template")


class UnlistedDashboardExists(Conflict):
    """There is an unlisted dashboard with this tag."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"There is an unlisted dashboard with the tag {tag!r} already.", attr="tag")
