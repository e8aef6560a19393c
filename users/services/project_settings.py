"""The settings of a project: their types and their validation."""

from functools import cache
from typing import Any, TypedDict
from zoneinfo import available_timezones

from dashboards_api.choices import VALUE_MAX_LENGTH, find_closest_match
from dashboards_api.db.fields import dump_json, find_differing
from dashboards_api.errors import ValidationFailed
from dashboards_api.limits import MAX_TEST_ACCOUNT_FILTERS, TEST_ACCOUNT_FILTERS_MAX_LENGTH
from users.models import Project, WeekStartDay
from users.services.validation import as_domain_error

# Names that some systems list among the time zones, although they are not time zones.
_NOT_ZONES = frozenset({"localtime", "Factory"})


class ProjectSettings(TypedDict, total=False):
    name: str
    timezone: str
    week_start_day: int
    test_account_filters: list[dict[str, Any]]


@cache
def get_time_zones() -> tuple[str, ...]:
    """Return the names of all time zones in alphabetical order. The time-zone files are read once."""
    return tuple(sorted(available_timezones() - _NOT_ZONES))


def assign_settings(project: Project, settings: ProjectSettings) -> list[str]:
    """Set the attributes that differ from the given settings, and return their names.

    Raises ValidationFailed for an invalid value.
    """
    changed = find_differing(settings, vars(project), settings)
    for name in changed:
        setattr(project, name, settings[name])  # type: ignore[literal-required]  # it is a key of these settings
    if project._state.adding or "name" in changed:
        check_name(project)
    if "timezone" in changed:
        check_time_zone(project.timezone)
    if "week_start_day" in changed and project.week_start_day not in WeekStartDay:
        raise ValidationFailed("This must be 0 for Sunday or 1 for Monday.", attr="week_start_day")
    if "test_account_filters" in changed:
        check_test_account_filters(project.test_account_filters)
    return changed


def check_name(project: Project) -> None:
    """Raise ValidationFailed for a name that is blank or too long."""
    if not project.name.strip():
        raise ValidationFailed("This field may not be blank.", attr="name", code="blank")
    with as_domain_error("name"):
        Project._meta.get_field("name").clean(project.name, project)


def check_time_zone(name: str) -> None:
    """Raise ValidationFailed for an unknown time zone. The error names the closest match."""
    if name in get_time_zones():
        return
    sent = name[:VALUE_MAX_LENGTH]
    nearest = find_closest_match(sent, get_time_zones())
    guess = f' Did you mean "{nearest}"?' if nearest else ' Time zones have names such as "Europe/Berlin".'
    raise ValidationFailed(f'"{sent}" is not a known time zone.{guess}', attr="timezone", code="invalid_choice")


def check_test_account_filters(filters: list[dict[str, Any]]) -> None:
    """Raise ValidationFailed for too many, too large or malformed filters."""
    attr = "test_account_filters"
    if len(filters) > MAX_TEST_ACCOUNT_FILTERS:
        detail = f"A project has at most {MAX_TEST_ACCOUNT_FILTERS} test-account filters."
        raise ValidationFailed(detail, attr=attr, code="max_length")
    for index, each in enumerate(filters):
        _check_filter(each, f"{attr}__{index}")
    # The filters are read with each request for the project.
    if len(dump_json(filters)) > TEST_ACCOUNT_FILTERS_MAX_LENGTH:
        detail = f"Test-account filters have at most {TEST_ACCOUNT_FILTERS_MAX_LENGTH:,} characters together."
        raise ValidationFailed(detail, attr=attr, code="max_length")


def _check_filter(each: object, attr: str) -> None:
    if not isinstance(each, dict):
        raise ValidationFailed("This must be a property filter, which is a JSON object.", attr=attr)
    key = each.get("key")
    if not isinstance(key, str) or not key:
        detail = "A property filter needs the name of a property, as a text."
        raise ValidationFailed(detail, attr=f"{attr}__key", code="required" if key is None else "invalid_input")
    for name in ("type", "operator"):
        if not isinstance(each.get(name), str | None):
            raise ValidationFailed("This must be a string.", attr=f"{attr}__{name}")
