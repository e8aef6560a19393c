"""The look-up of a personal API key by its secret, with its user and their membership of the requested project."""

from datetime import datetime
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS
from django.db.models import FilteredRelation, Model, Q
from django.db.models.base import ModelState
from django.utils import timezone

from dashboards_api.db.best_effort import best_effort_update
from dashboards_api.db.compiled_queries import CompiledQuery, int_param, text_param
from users.models import Membership, PersonalAPIKey, Project, User
from users.models.personal_api_key import hash_secret

# The models that the query reads, each with its path from the key.
_MODELS: tuple[tuple[type[Model], str], ...] = (
    (PersonalAPIKey, ""),
    (User, "user__"),
    (Membership, "member__"),
    (Project, "member_project__"),
)
# The hash of the password is not needed.
_EXCLUDED_COLUMNS = frozenset({"password"})
# The id of a project, and the settings that queries need.
_PROJECT_COLUMNS = ("id", "timezone", "week_start_day", "test_account_filters")


def _get_columns(model: type[Model]) -> list[str]:
    """Return the columns of a model to read."""
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in _EXCLUDED_COLUMNS]
    return [column for column in columns if column in _PROJECT_COLUMNS] if model is Project else columns


_COLUMNS = [_get_columns(model) for model, _ in _MODELS]
_API_KEY_QUERY = CompiledQuery(
    lambda: (
        PersonalAPIKey.objects.filter(secret_hash=text_param("secret_hash"), user__is_active=True)
        .annotate(
            member=FilteredRelation(
                "user__memberships", condition=Q(user__memberships__project_id=int_param("project"))
            ),
            # `member__project__…` would be invalid SQL, because Django would join the project before the membership.
            member_project=FilteredRelation("member__project"),
        )
        .values_list(
            *(f"{path}{column}" for (_, path), columns in zip(_MODELS, _COLUMNS, strict=True) for column in columns)
        )
    )
)


def get_valid_api_key(secret: str, *, project_id: int | None, now: datetime) -> PersonalAPIKey | None:
    """Return the API key with the given secret, or None if the key is unknown or expired, or if its user is not active.

    The user of the key is loaded. If the user is a member of the project, `membership` is also loaded, with the id of
    the project and the settings that queries need.
    """
    rows = _API_KEY_QUERY.rows(secret_hash=hash_secret(secret), project=project_id)
    if not rows:
        return None
    key, user, membership, project = _build_instances(rows[0])
    if key.expires_at is not None and key.expires_at <= now:
        return None
    PersonalAPIKey.user.field.set_cached_value(key, user)
    if membership.pk is not None:
        Membership.project.field.set_cached_value(membership, project)
        Membership.user.field.set_cached_value(membership, user)
        key.membership = membership
    return cast(PersonalAPIKey, key)


def record_key_use(key: PersonalAPIKey) -> None:
    """Store the time of use of a key, at most once an hour. The write is skipped if the database is busy."""
    now = timezone.now()
    if key.is_use_due(now):
        best_effort_update(PersonalAPIKey, key.pk, last_used_at=now)


def _build_instances(row: tuple[Any, ...]) -> list[Any]:
    """Return an instance of each model. A missing row becomes an instance without a primary key.

    Unlike `from_db`, this function does not call the constructors, which set each field separately and send two
    signals. Each request with an API key builds these instances. Columns that are not read are deferred.
    """
    instances, start = [], 0
    for (model, _), columns in zip(_MODELS, _COLUMNS, strict=True):
        instance = model.__new__(model)
        instance._state = ModelState()
        instance._state.db, instance._state.adding = DEFAULT_DB_ALIAS, False
        instance.__dict__.update(zip(columns, row[start : start + len(columns)], strict=True))
        instances.append(instance)
        start += len(columns)
    return instances
