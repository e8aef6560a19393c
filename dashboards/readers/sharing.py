"""Read the sharing configuration of a dashboard."""

from typing import Any

import orjson

from dashboards.access import Restriction, get_user_access_level
from dashboards.exceptions import DashboardNotFound
from dashboards.models import Collaborator, SharePassword, SharingConfiguration
from dashboards_api.db.fields import raw_json
from users.models import Membership, Project

PASSWORD_COLUMNS = ("id", "created_at", "note", "created_by__email")


def read_sharing(dashboard_id: int, *, project: Project, viewer: Membership) -> dict[str, Any]:
    """Return the sharing configuration (component SharingConfiguration). Raises DashboardNotFound."""
    row = (
        SharingConfiguration.objects.filter(dashboard_id=dashboard_id)
        .filter(dashboard__project=project, dashboard__deleted=False)
        .annotate(
            raw_settings=raw_json("settings"),
            is_collaborator=Collaborator.objects.build_collaborator_condition(viewer.pk, dashboard="dashboard_id"),
        )
        .values_list(
            "created_at",
            "enabled",
            "access_token",
            "raw_settings",
            "password_required",
            "dashboard__created_by_id",
            "dashboard__restriction_level",
            "is_collaborator",
        )
        .first()
    )
    if row is None:
        raise DashboardNotFound("Dashboard not found.")
    created_at, enabled, access_token, settings, password_required, *restriction = row
    return {
        "created_at": created_at,
        "enabled": enabled,
        "access_token": access_token,
        "settings": None if settings is None else orjson.Fragment(settings),
        "password_required": password_required,
        "share_passwords": _read_passwords(dashboard_id),
        "user_access_level": get_user_access_level(viewer, Restriction(*restriction)),
    }


def build_new_password(password: SharePassword, text: str) -> dict[str, Any]:
    """Return a new password with its text (component CreatedSharePassword)."""
    return {
        "id": password.pk,
        "password": text,
        "note": password.note,
        "created_at": password.created_at,
        "created_by_email": password.created_by.email if password.created_by else None,
    }


def _read_passwords(dashboard_id: int) -> list[dict[str, Any]]:
    rows = SharePassword.objects.filter(sharing_configuration__dashboard=dashboard_id).order_by("id")
    return [
        {"id": id_, "created_at": created_at, "note": note, "created_by_email": email, "is_active": True}
        for id_, created_at, note, email in rows.values_list(*PASSWORD_COLUMNS)
    ]
