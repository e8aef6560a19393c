"""Answers about callers and projects: plain dictionaries, made from set-based queries."""

from collections.abc import Iterable
from typing import Any

from users.auth.credentials import Credential
from users.models import Membership, PersonalAPIKey, Project, User
from users.models.project import MembershipQuerySet

USER_FIELDS = ("id", "uuid", "distinct_id", "first_name", "last_name", "email", "is_email_verified")
# How many projects an organization names in `users/@me`; pages of all of them are at `organizations/:id/projects/`.
MAX_TEAMS = 100
_BASIC_USER_KEYS = (*USER_FIELDS, "hedgehog_config", "role_at_organization")


def get_user_columns(relation: str) -> list[str]:
    """The columns of a related user for `values_list()`, in the order that `build_basic_user` takes them."""
    return [f"{relation}__{field}" for field in USER_FIELDS]


def build_basic_user(columns: tuple[Any, ...]) -> dict[str, Any] | None:
    """A person as dashboards and tiles show them (component UserBasic), or None where there is none."""
    if columns[0] is None:
        return None
    return dict(zip(_BASIC_USER_KEYS, (*columns, None, None), strict=True))


def build_project(project: Project) -> dict[str, Any]:
    """A project in a list, with the fields that clients written for PostHog read (component ProjectBasic)."""
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


def list_projects(user: User, credential: Credential, *, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
    """How many projects the caller may enter with this credential, and one window of them in order of id."""
    memberships = _get_accessible_memberships(user, credential)
    window = memberships.select_related("project").order_by("project_id")[offset : offset + limit]
    return memberships.count(), [build_project(membership.project) for membership in window]


def list_memberships(user: User, credential: Credential) -> list[Membership]:
    """Where the user belongs, within what the credential is narrowed to, in the order they joined."""
    return list(_get_accessible_memberships(user, credential).with_project().order_by("pk"))


def _get_accessible_memberships(user: User, credential: Credential) -> MembershipQuerySet:
    return Membership.objects.for_user(user.pk).within_scopes(
        projects=credential.scoped_projects, organizations=credential.scoped_organizations
    )


def list_organizations(memberships: Iterable[Membership]) -> list[dict[str, Any]]:
    """The organizations of these memberships (component OrganizationBasic), each with the highest level in it."""
    rows: dict[Any, dict[str, Any]] = {}
    for membership in memberships:
        organization = membership.project.organization
        row = rows.setdefault(organization.pk, build_organization(organization, membership.level))
        row["membership_level"] = max(row["membership_level"], membership.level)
    return list(rows.values())


def list_api_keys(user: User) -> list[dict[str, Any]]:
    """The keys of a user, the newest first (component PersonalAPIKey)."""
    return [build_api_key(key) for key in user.personal_api_keys.order_by("-created_at", "-id")]


def build_api_key(key: PersonalAPIKey, value: str | None = None) -> dict[str, Any]:
    """A key as its owner sees it (component PersonalAPIKey): with its value only when it was just made."""
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
    """Return the caller, their current project as `team`, and the organizations they belong to."""
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
    """An organization with the projects in it that the caller may enter, in order of id."""
    projects = sorted((membership.project for membership in memberships), key=lambda project: project.pk)
    reached = [build_project(project) for project in projects if project.organization_id == organization["id"]]
    reached = reached[:MAX_TEAMS]
    return {**organization, "teams": reached, "projects": reached}


def build_organization(organization: Any, level: int) -> dict[str, Any]:
    """An organization with the caller's highest level in its projects."""
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
