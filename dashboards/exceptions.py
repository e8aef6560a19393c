"""Exceptions of the services, each with a code and the path of the input that caused it."""

from collections.abc import Iterable

from dashboards_api.choices import find_closest_match
from dashboards_api.errors import Conflict, Forbidden, NotFound, PasswordRequired, ValidationFailed


class DashboardNotFound(NotFound):
    """The dashboard in the path, or in the body of an action, does not exist."""

    def __init__(self, detail: str = "Not found.") -> None:
        super().__init__(detail)


class SharePasswordRequired(PasswordRequired):
    """The shared dashboard needs a password."""

    def __init__(self) -> None:
        super().__init__("This dashboard is protected by a password.")


class WrongSharePassword(PasswordRequired):
    """The password does not unlock the shared dashboard."""

    def __init__(self) -> None:
        super().__init__("Incorrect password", code="incorrect_password")


class SharePasswordNotFound(NotFound):
    """The password in the path does not exist."""

    def __init__(self) -> None:
        super().__init__("There is no such password.")


class OverrideNotAllowed(Forbidden):
    """The sharing settings do not let viewers override this filter or variable."""

    def __init__(self, name: str) -> None:
        super().__init__(f"This shared dashboard does not let viewers change {name!r}.")


class DashboardTemplateNotFound(NotFound):
    """The stored template in the path does not exist."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class InsightNotFound(NotFound):
    """The insight in the path does not exist."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class CollaboratorNotFound(NotFound):
    """The user in the path is not a collaborator of the dashboard."""

    def __init__(self) -> None:
        super().__init__("There is no such collaborator on this dashboard.")


class TileNotFound(NotFound):
    """The tile of an action is not on the dashboard."""

    def __init__(self) -> None:
        super().__init__("There is no such tile on this dashboard.")


class TileNotOnDashboard(ValidationFailed):
    """The tile in a tile item is not on the dashboard."""

    code = "does_not_exist"

    def __init__(self, index: int, attr: str = "", within: str = "tiles") -> None:
        path = f"{within}__{index}__{attr}" if attr else f"{within}__{index}"
        super().__init__("There is no such tile on this dashboard.", attr=path)


class ContentNotOnDashboard(ValidationFailed):
    """The text or button in a tile item is not on the dashboard."""

    code = "does_not_exist"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind} on this dashboard.", attr=kind)


class InsightNotInProject(ValidationFailed):
    """The insight in a tile item is not in the project."""

    code = "does_not_exist"

    def __init__(self, index: int) -> None:
        super().__init__("There is no such insight in this project.", attr=f"tiles__{index}__insight")


class DashboardNotInProject(ValidationFailed):
    """The dashboard in a body is not in the project."""

    code = "does_not_exist"

    def __init__(self, attr: str) -> None:
        super().__init__("There is no such dashboard in this project.", attr=attr)


class InsightNotOnDashboard(ValidationFailed):
    """The insight is requested as shown on a dashboard, but is not on that dashboard."""

    code = "does_not_exist"

    def __init__(self) -> None:
        super().__init__("The insight is not on this dashboard.", attr="from_dashboard")


class ContentAlreadyOnDashboard(ValidationFailed):
    """The dashboard already shows this content."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("The dashboard already shows this content.", attr=attr)


class DuplicateTile(ValidationFailed):
    """Two items of a request refer to the same tile or to the same content."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("An earlier item of this request refers to the same tile.", attr=attr)


class VersionNotFound(NotFound):
    """The version in the path does not exist."""

    def __init__(self) -> None:
        super().__init__("There is no such version of this dashboard.")


class UnknownKey(ValidationFailed):
    """The API key belongs to no member of the project, and is not in its activity log."""

    code = "does_not_exist"

    def __init__(self) -> None:
        detail = "No member of this project has this API key, and the activity log does not mention it as `job_id`."
        super().__init__(detail, attr="key_id")


class TooMuchToUndo(ValidationFailed):
    """The undo exceeds a limit for one request. `what` names the limit."""

    code = "too_many"

    def __init__(self, what: str) -> None:
        detail = f"One request cannot undo {what}. Undo the changes in parts, the latest first: send a later `since`."
        super().__init__(detail, attr="since")


class TooLarge(ValidationFailed):
    """A value exceeds the limit of its field and is larger than the stored value."""

    code = "max_length"

    def __init__(self, attr: str, *, size: int, most: int, as_json: bool = False) -> None:
        unit = "characters as JSON" if as_json else "characters"
        super().__init__(f"This must have at most {most:,} {unit}, not {size:,}.", attr=attr)
        self.size, self.most, self.as_json = size, most, as_json

    def add_path_prefix(self, path: str) -> "TooLarge":
        """Return the same error with `path` before the path of its field."""
        return TooLarge(f"{path}__{self.attr}", size=self.size, most=self.most, as_json=self.as_json)


class TooManyTags(ValidationFailed):
    """A dashboard, an insight or a template would have too many tags."""

    code = "max_length"

    def __init__(self, number: int, most: int) -> None:
        super().__init__(f"At most {most} tags are allowed, not {number}.", attr="tags")


class DashboardTooLarge(ValidationFailed):
    """The content of a dashboard would exceed a total. `what` names the content."""

    code = "max_length"

    def __init__(self, what: str, *, size: int, most: int, attr: str | None = None) -> None:
        detail = f"A dashboard has at most {most:,} characters of {what}. With this change, it would have {size:,}."
        super().__init__(detail, attr=attr)


class TooManyTiles(ValidationFailed):
    """A dashboard would have too many tiles."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A dashboard has at most {most} tiles.", attr="tiles")


class OnTooManyDashboards(ValidationFailed):
    """An insight, a text or a button would be on too many dashboards."""

    code = "too_many"

    def __init__(self, kind: str, most: int, attr: str | None = None) -> None:
        super().__init__(
            f"The same {kind} can be on at most {most} dashboards. To copy the content, use `duplicate_tiles`.",
            attr=attr,
        )


class TooManyTilesTouched(ValidationFailed):
    """The dashboards of the insights in a bulk request have too many tiles to log."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        detail = (
            f"The dashboards that show these insights have more than {most:,} tiles. Send fewer ids in one request."
        )
        super().__init__(detail, attr="ids")


class TooManyTilesChanged(ValidationFailed):
    """The content in a request is on too many tiles of other dashboards."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Other dashboards show this content in more than {most:,} tiles. Change fewer tiles in one request.",
            attr="tiles",
        )


class TooManyTilesRestored(ValidationFailed):
    """The dashboards in a bulk request have too many tiles to restore."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        detail = f"These dashboards have more than {most:,} tiles. Restore fewer dashboards in one request."
        super().__init__(detail, attr="ids")


class TemplateNotFound(ValidationFailed):
    """The template in a body does not exist."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        nearest = find_closest_match(name, known)
        guess = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"There is no template with the name {name!r}.{guess}", attr="use_template")


class UnlistedDashboardExists(Conflict):
    """The project already has an unlisted dashboard with this tag."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"There is already an unlisted dashboard with the tag {tag!r}.", attr="tag")


class ResultMissing(Conflict):
    """The insight has no result that can be exported."""

    code = "not_computed"

    def __init__(self) -> None:
        super().__init__("The result of this insight has not been computed yet. Send `refresh=blocking` to compute it.")


class ResultQueued(Conflict):
    """The result to export is still being computed."""

    code = "queued"

    def __init__(self) -> None:
        super().__init__("The result of this insight is being computed. Repeat the request in a few seconds.")


class NothingToExport(ValidationFailed):
    """The insight has no query, or its result cannot be written in this format."""

    code = "not_exportable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, attr="format")


class ExportNotAllowed(Forbidden):
    """The shared dashboard does not show its details."""

    def __init__(self) -> None:
        super().__init__("The results of this shared dashboard cannot be exported as files.")
