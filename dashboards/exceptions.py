"""Exceptions of the services, each with a code and the path of the input that caused it."""

from collections.abc import Iterable

from dashboards_api.choices import find_closest_match
from dashboards_api.errors import Conflict, Forbidden, NotFound, PasswordRequired, ValidationFailed


class DashboardNotFound(NotFound):
    """The error for an unknown dashboard in the path, or in the body of an action."""

    def __init__(self, detail: str = "Not found.") -> None:
        super().__init__(detail)


class SharePasswordRequired(PasswordRequired):
    """The error for a request that lacks the password of a shared dashboard."""

    def __init__(self) -> None:
        super().__init__("This dashboard is protected by a password.")


class WrongSharePassword(PasswordRequired):
    """The error for a password that does not unlock the shared dashboard."""

    def __init__(self) -> None:
        super().__init__("Incorrect password", code="incorrect_password")


class SharePasswordNotFound(NotFound):
    """The error for an unknown share password in the path."""

    def __init__(self) -> None:
        super().__init__("There is no such password.")


class OverrideNotAllowed(Forbidden):
    """The error for a filter or a variable that the sharing settings do not let viewers override."""

    def __init__(self, name: str) -> None:
        super().__init__(f"This shared dashboard does not let viewers change {name!r}.")


class DashboardTemplateNotFound(NotFound):
    """The error for an unknown stored template in the path."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class InsightNotFound(NotFound):
    """The error for an unknown insight in the path."""

    def __init__(self) -> None:
        super().__init__("Not found.")


class CollaboratorNotFound(NotFound):
    """The error for a user in the path who is not a collaborator of the dashboard."""

    def __init__(self) -> None:
        super().__init__("There is no such collaborator on this dashboard.")


class TileNotFound(NotFound):
    """The error for an action on a tile that is not on the dashboard."""

    def __init__(self) -> None:
        super().__init__("There is no such tile on this dashboard.")


class TileNotOnDashboard(ValidationFailed):
    """The error for a tile item whose tile is not on the dashboard."""

    code = "does_not_exist"

    def __init__(self, index: int, attr: str = "", within: str = "tiles") -> None:
        path = f"{within}__{index}__{attr}" if attr else f"{within}__{index}"
        super().__init__("There is no such tile on this dashboard.", attr=path)


class ContentNotOnDashboard(ValidationFailed):
    """The error for a tile item whose text or button is not on the dashboard."""

    code = "does_not_exist"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind} on this dashboard.", attr=kind)


class InsightNotInProject(ValidationFailed):
    """The error for a tile item whose insight is not in the project."""

    code = "does_not_exist"

    def __init__(self, index: int) -> None:
        super().__init__("There is no such insight in this project.", attr=f"tiles__{index}__insight")


class DashboardNotInProject(ValidationFailed):
    """The error for a body that names a dashboard outside of the project."""

    code = "does_not_exist"

    def __init__(self, attr: str) -> None:
        super().__init__("There is no such dashboard in this project.", attr=attr)


class InsightNotOnDashboard(ValidationFailed):
    """The error for an insight that is requested as shown on a dashboard, but is not on that dashboard."""

    code = "does_not_exist"

    def __init__(self) -> None:
        super().__init__("The insight is not on this dashboard.", attr="from_dashboard")


class ContentAlreadyOnDashboard(ValidationFailed):
    """The error for content that the dashboard already shows."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("The dashboard already shows this content.", attr=attr)


class DuplicateTile(ValidationFailed):
    """The error for two items of a request that refer to the same tile or to the same content."""

    code = "unique"

    def __init__(self, attr: str) -> None:
        super().__init__("An earlier item of this request refers to the same tile.", attr=attr)


class VersionNotFound(NotFound):
    """The error for an unknown version in the path."""

    def __init__(self) -> None:
        super().__init__("There is no such version of this dashboard.")


class UnknownKey(ValidationFailed):
    """The error for an API key that no member of the project has, and that the activity log does not contain."""

    code = "does_not_exist"

    def __init__(self) -> None:
        detail = "No member of this project has this API key, and the activity log does not mention it as `job_id`."
        super().__init__(detail, attr="key_id")


class TooMuchToUndo(ValidationFailed):
    """The error for an undo that exceeds a limit for one request. `what` names the limit."""

    code = "too_many"

    def __init__(self, what: str) -> None:
        detail = f"One request cannot undo {what}. Undo the changes in parts, the latest first: send a later `since`."
        super().__init__(detail, attr="since")


class TooLarge(ValidationFailed):
    """The error for a value that exceeds the limit of its field and is larger than the stored value."""

    code = "max_length"

    def __init__(self, attr: str, *, size: int, most: int, as_json: bool = False) -> None:
        unit = "characters as JSON" if as_json else "characters"
        super().__init__(f"This must have at most {most:,} {unit}, not {size:,}.", attr=attr)
        self.size, self.most, self.as_json = size, most, as_json

    def add_path_prefix(self, path: str) -> "TooLarge":
        """Return the same error with `path` prepended to the path of its field."""
        return TooLarge(f"{path}__{self.attr}", size=self.size, most=self.most, as_json=self.as_json)


class TooManyTags(ValidationFailed):
    """The error for a dashboard, an insight or a template that would have too many tags."""

    code = "max_length"

    def __init__(self, number: int, most: int) -> None:
        super().__init__(f"At most {most} tags are allowed, not {number}.", attr="tags")


class DashboardTooLarge(ValidationFailed):
    """The error for a dashboard whose content would exceed a limit on its total size. `what` names the content."""

    code = "max_length"

    def __init__(self, what: str, *, size: int, most: int, attr: str | None = None) -> None:
        detail = f"A dashboard has at most {most:,} characters of {what}. With this change, it would have {size:,}."
        super().__init__(detail, attr=attr)


class TooManyTiles(ValidationFailed):
    """The error for a dashboard that would exceed the tile limit."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(f"A dashboard has at most {most} tiles.", attr="tiles")


class OnTooManyDashboards(ValidationFailed):
    """The error for an insight, a text or a button that would be on too many dashboards."""

    code = "too_many"

    def __init__(self, kind: str, most: int, attr: str | None = None) -> None:
        super().__init__(
            f"The same {kind} can be on at most {most} dashboards. To copy the content, use `duplicate_tiles`.",
            attr=attr,
        )


class TooManyTilesTouched(ValidationFailed):
    """The error for a bulk request whose insights are on dashboards with too many tiles to log."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        detail = (
            f"The dashboards that show these insights have more than {most:,} tiles. Send fewer ids in one request."
        )
        super().__init__(detail, attr="ids")


class TooManyTilesChanged(ValidationFailed):
    """The error for a request whose content is on too many tiles of other dashboards."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"Other dashboards show this content in more than {most:,} tiles. Change fewer tiles in one request.",
            attr="tiles",
        )


class TooManyTilesRestored(ValidationFailed):
    """The error for a bulk request whose dashboards have too many tiles to restore."""

    code = "too_many"

    def __init__(self, most: int) -> None:
        detail = f"These dashboards have more than {most:,} tiles. Restore fewer dashboards in one request."
        super().__init__(detail, attr="ids")


class TemplateNotFound(ValidationFailed):
    """The error for an unknown template in a body."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        nearest = find_closest_match(name, known)
        guess = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"There is no template with the name {name!r}.{guess}", attr="use_template")


class UnlistedDashboardExists(Conflict):
    """The error for a second unlisted dashboard with the same tag in a project."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"There is already an unlisted dashboard with the tag {tag!r}.", attr="tag")


class ResultMissing(Conflict):
    """The error for an insight without a result that can be exported."""

    code = "not_computed"

    def __init__(self) -> None:
        super().__init__("The result of this insight has not been computed yet. Send `refresh=blocking` to compute it.")


class ResultQueued(Conflict):
    """The error for the export of a result that is still being computed."""

    code = "queued"

    def __init__(self) -> None:
        super().__init__("The result of this insight is being computed. Repeat the request in a few seconds.")


class NothingToExport(ValidationFailed):
    """The error for an insight without a query, or with a result that cannot be written in the requested format."""

    code = "not_exportable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, attr="format")


class ExportNotAllowed(Forbidden):
    """The error for an export from a shared dashboard that does not show its details."""

    def __init__(self) -> None:
        super().__init__("The results of this shared dashboard cannot be exported as files.")
