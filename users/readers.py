"""Build responses about users, projects, organizations and API keys."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, cast

from users.auth.credentials import Credential
from users.models import Membership, PersonalAPIKey, Project, User
from users.models.project import MembershipQuerySet

# A JSON object in a response.
Row = dict[str, Any]
# The users of one response by id, so that each user is built once.
Users = dict[int | None, Row | None]

USER_FIELDS = ("id", "uuid", "distinct_id", "first_name", "last_name", "email", "is_email_verified")
# The maximum number of projects per organization in `users/@me`. `organizations/:id/projects/` lists all projects.
MAX_TEAMS = 100


def get_user_columns(relation: str) -> list[str]:
    """Return the columns of a related user for `values_list()`, in the order that `build_basic_user` expects."""
    return [f"{relation}__{field}" for field in USER_FIELDS]


def build_basic_user(columns: tuple[Any, ...]) -> dict[str, Any] | None:
    """Return a user as in dashboards and tiles (component UserBasic), or None if the first column is None."""
    id_, uuid, distinct_id, first_name, last_name, email, is_email_verified = columns
    if id_ is None:
        return None
    return {
        "id": id_,
        "uuid": uuid,
        "distinct_id": distinct_id,
        "first_name": first_name,
        "last_name": last_name,
        "email": email,
        "is_email_verified": is_email_verified,
        "hedgehog_config": None,
        "role_at_organization": None,
    }


def build_user_getter(relation: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that extracts the columns of a related user from a row, for `build_basic_user`."""
    return cast(Callable[[Any], tuple[Any, ...]], attrgetter(*get_user_columns(relation)))


def get_user(users: Users, id_: int | None, row: Any, getter: Callable[[Any], tuple[Any, ...]]) -> Row | None:
    """Return the user with the given id. Build the user from a row unless `users` already contains the user."""
    if id_ not in users:
        users[id_] = build_basic_user(getter(row))
    return users[id_]


def build_project(project: Project) -> dict[str, Any]:
    """Return a project with the fields that clients of PostHog expect (component ProjectBasic)."""
    return {
        "id": project.pk,
        "uuid": project.uuid,
        "organization": project.organization_id,
        "project_id": project.pk,
        "api_token": project.api_token,
        "name": project.name,
        "completed_snippet_onboarding": True,
        "has_completed_onboarding_for": None,
        "ingested_event": False,
        "is_demo": False,
        "timezone": project.timezone,
        "access_control": False,
        "created_at": project.created_at,
    }


def build_project_details(project: Project) -> dict[str, Any]:
    """Return a project with all its settings (component Project). Lists omit settings that can be large."""
    return {
        **build_project(project),
        "week_start_day": project.week_start_day,
        "test_account_filters": project.test_account_filters,
    }


def list_projects(user: User, credential: Credential, *, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of projects that the credential allows, and one page of them in the order of ids."""
    memberships = _get_accessible_memberships(user, credential)
    window = memberships.with_listed_project().order_by("project_id")[offset : offset + limit]
    return memberships.count(), [build_project(membership.project) for membership in window]


def list_memberships(user: User, credential: Credential) -> list[Membership]:
    """Return the memberships of a user that the credential allows, in the order in which they were created."""
    return list(_get_accessible_memberships(user, credential).with_listed_project().order_by("pk"))


def _get_accessible_memberships(user: User, credential: Credential) -> MembershipQuerySet:
    return Membership.objects.for_user(user.pk).within_scopes(
        projects=credential.scoped_projects, organizations=credential.scoped_organizations
    )


def list_organizations(memberships: Iterable[Membership]) -> list[dict[str, Any]]:
    """Return the organizations of some memberships (component OrganizationBasic), with the highest level in each."""
    rows: dict[Any, dict[str, Any]] = {}
    for membership in memberships:
        organization = membership.project.organization
        row = rows.setdefault(organization.pk, build_organization(organization, membership.level))
        row["membership_level"] = max(row["membership_level"], membership.level)
    return list(rows.values())


def list_api_keys(user: User) -> list[dict[str, Any]]:
    """Return the keys of a user, newest first (component PersonalAPIKey)."""
    return [build_api_key(key) for key in user.personal_api_keys.order_by("-created_at", "-id")]


def build_api_key(key: PersonalAPIKey, value: str | None = None) -> dict[str, Any]:
    """Return a key (component PersonalAPIKey). `value` is known only when the key is created or rotated."""
    return {
        "id": key.pk,
        "label": key.label,
        "description": key.description,
        "value": value,
        "mask_value": key.mask_value,
        "scopes": key.scopes,
        "scoped_teams": key.scoped_projects,
        "scoped_organizations": key.scoped_organizations,
        "user_id": key.user_id,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_rolled_at": key.last_rolled_at,
    }


def read_me(user: User, credential: Credential, current: Membership | None) -> dict[str, Any]:
    """Return the caller, with the current project as `team`, and with the organizations of the caller."""
    memberships = list_memberships(user, credential)
    organizations = list_organizations(memberships)
    rows = {row["id"]: row for row in organizations}
    return {
        **(build_basic_user(tuple(getattr(user, field) for field in USER_FIELDS)) or {}),
        "date_joined": user.date_joined,
        "is_staff": user.is_staff,
        "team": build_project(current.project) if current else None,
        "organization": _add_teams(rows[current.project.organization_id], memberships) if current else None,
        "organizations": organizations,
    }


def _add_teams(organization: dict[str, Any], memberships: Iterable[Membership]) -> dict[str, Any]:
    """Return an organization with its projects that the caller can access, in the order of ids."""
    projects = sorted((membership.project for membership in memberships), key=lambda project: project.pk)
    accessible = [build_project(project) for project in projects if project.organization_id == organization["id"]]
    accessible = accessible[:MAX_TEAMS]
    return {**organization, "teams": accessible, "projects": accessible}


def build_organization(organization: Any, level: int) -> dict[str, Any]:
    """Return an organization (component OrganizationBasic) with the highest level of the caller in its projects."""
    return {
        "id": organization.pk,
        "name": organization.name,
        "slug": organization.slug,
        "logo_media_id": None,
        "membership_level": level,
        "members_can_use_personal_api_keys": True,
        "is_active": True,
        "is_not_active_reason": None,
        "is_pending_deletion": False,
        "is_ai_data_processing_approved": False,
        "available_product_features": [],
    }
