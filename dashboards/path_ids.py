"""Parse the ids in paths. A malformed id gets the same 404 as the id of a missing object."""

import uuid

from dashboards.exceptions import CollaboratorNotFound, DashboardNotFound, DashboardTemplateNotFound, VersionNotFound
from dashboards_api.parsing import parse_int


def parse_dashboard_id(text: str, detail: str = "Not found.") -> int:
    """Return the number of a dashboard. Raises DashboardNotFound with this detail."""
    number = parse_int(text)
    if number is None:
        raise DashboardNotFound(detail)
    return number


def parse_version(text: str) -> int:
    """Return the number of a version. Raises VersionNotFound."""
    number = parse_int(text)
    if number is None:
        raise VersionNotFound
    return number


def parse_template_id(text: str) -> uuid.UUID:
    """Return the id of a stored template. Raises DashboardTemplateNotFound."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise DashboardTemplateNotFound from error


def parse_user_uuid(text: str) -> uuid.UUID:
    """Return the uuid of a collaborator. Raises CollaboratorNotFound."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise CollaboratorNotFound from error
