"""Who is behind a personal API key, and where they are: one look-up for each request."""

from datetime import datetime
from typing import Any, cast

from django.db.models import FilteredRelation, Model, Q

from dashboards_api.prepared import Prepared, number, text
from users.models import Membership, PersonalAPIKey, Project, User
from users.models.personal_api_key import hash_of

# What is read, each part with the way to it. A user's password is not needed here.
PARTS: tuple[tuple[type[Model], str], ...] = (
    (PersonalAPIKey, ""),
    (User, "user__"),
    (Membership, "member__"),
)
LEFT_OUT = frozenset({"password"})


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if field.attname not in LEFT_OUT]


_COLUMNS = [_columns(model) for model, _ in PARTS]
_CALLER = Prepared(
    lambda: (
        PersonalAPIKey.objects.filter(secret_hash=text("secret_hash"), user__is_active=True)
        .annotate(
            member=FilteredRelation("user__memberships", condition=Q(user__memberships__project_id=number("project")))
        )
        .values_list(
            *(f"{way}{column}" for (_, way), columns in zip(PARTS, _COLUMNS, strict=True) for column in columns)
        )
    )
)


def usable_key(secret: str, *, project_id: int | None, now: datetime) -> PersonalAPIKey | None:
    """The key with this secret, where it has not expired and its user is active, with its user at hand.

    Where they are a member of the project, that membership is `entered`. Of its project only the id is read.
    """
    rows = _CALLER.rows(secret_hash=hash_of(secret), project=project_id)
    if not rows:
        return None
    key, user, membership = _instances(rows[0])
    if key.expires_at is not None and key.expires_at <= now:
        return None
    key.user = user
    if membership.pk is not None:
        membership.project = Project.from_db("default", ["id"], [membership.project_id])
        membership.user = user
        key.entered = membership
    return cast(PersonalAPIKey, key)


def _instances(row: tuple[Any, ...]) -> list[Any]:
    """One of each part; of what is not there, one without a value."""
    found, start = [], 0
    for (model, _), columns in zip(PARTS, _COLUMNS, strict=True):
        found.append(model.from_db("default", columns, row[start : start + len(columns)]))
        start += len(columns)
    return found
