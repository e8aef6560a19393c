"""Create, change, rotate and revoke personal API keys. Each function is one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from django.utils import timezone

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import NotFound, ValidationFailed
from users.auth import scopes as key_scopes
from users.models import Membership, PersonalAPIKey, User, generate_key_value
from users.models.personal_api_key import LABEL_MAX_LENGTH

MAX_KEYS_PER_USER = 10
MAX_DAYS = 36500


class NewKey(NamedTuple):
    """A new or rotated key with its secret, which is not stored."""

    key: PersonalAPIKey
    value: str


class KeyChanges(TypedDict, total=False):
    label: str
    description: str | None
    scopes: list[str]
    scoped_projects: list[int]
    scoped_organizations: list[str]
    expires_at: datetime | None


@atomic_with_retry
def create_api_key(
    user: User,
    *,
    label: str,
    scopes: Sequence[str],
    description: str | None = None,
    project_ids: Sequence[int] = (),
    organization_ids: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> NewKey:
    """Create a key for `user`. Without scoped projects and organizations, the key allows all projects of the user.

    Raises ValidationFailed for a bad label, scope, expiry, project or organization, and if the user already has ten
    keys.
    """
    # Without this lock, concurrent requests would each count fewer than ten keys.
    User.objects.select_for_update().get(pk=user.pk)
    key = PersonalAPIKey(user=user)
    content: KeyChanges = {
        "label": label,
        "description": description,
        "scopes": list(scopes),
        "scoped_projects": list(project_ids),
        "scoped_organizations": list(organization_ids),
        "expires_at": expires_at,
    }
    _assign_changes(key, content)
    if user.personal_api_keys.count() >= MAX_KEYS_PER_USER:
        raise ValidationFailed(
            f"You can only have {MAX_KEYS_PER_USER} personal API keys. Remove an existing key first."
        )
    value = generate_key_value()
    key.set_secret(value)
    key.save(force_insert=True)
    return NewKey(key, value)


@atomic_with_retry
def update_api_key(key_id: str, *, owner: User, changes: KeyChanges) -> PersonalAPIKey:
    """Change a key, except for its secret. Raises NotFound and ValidationFailed."""
    key = _lock_key(key_id, owner)
    key.save(update_fields=_assign_changes(key, changes))
    return key


@atomic_with_retry
def roll_api_key(key_id: str, *, owner: User | None = None) -> NewKey:
    """Rotate a key. Its old secret is refused immediately. Raises NotFound if `owner` has no such key."""
    key = _lock_key(key_id, owner)
    value = generate_key_value()
    key.set_secret(value)
    key.last_rolled_at = timezone.now()
    key.save(update_fields=["secret_hash", "mask_value", "last_rolled_at"])
    return NewKey(key, value)


@atomic_with_retry
def revoke_api_key(key_id: str, *, owner: User | None = None) -> None:
    """Delete a key. The next request with it is refused. Raises NotFound if `owner` has no such key."""
    _lock_key(key_id, owner).delete()


def get_expiry(days: int) -> datetime:
    """Return the time of expiry of a key that is valid for `days` days. Raises ValidationFailed."""
    if not 1 <= days <= MAX_DAYS:
        raise ValidationFailed(f"The number of days must be between 1 and {MAX_DAYS:,}.", attr="expires_in")
    return timezone.now() + timedelta(days=days)


def _lock_key(key_id: str, owner: User | None) -> PersonalAPIKey:
    keys = PersonalAPIKey.objects.select_for_update().filter(pk=key_id)
    key: PersonalAPIKey | None = (keys if owner is None else keys.filter(user=owner)).first()
    if key is None:
        raise NotFound("There is no API key with this id.")
    return key


def _assign_changes(key: PersonalAPIKey, changes: KeyChanges) -> list[str]:
    """Set the attributes that differ and return their names. Raises ValidationFailed.

    Unchanged values are not checked, so that a client may send back a key as it was read, even if the user has left a
    scoped project.
    """
    _check_required(changes)
    lists = {name: list(dict.fromkeys(value)) for name, value in changes.items() if isinstance(value, list)}
    changed = {
        name: value for name, value in {**changes, **lists}.items() if key._state.adding or getattr(key, name) != value
    }
    for name, value in changed.items():
        setattr(key, name, value)
    if "expires_at" in changed and key.expires_at is not None and key.expires_at <= timezone.now():
        raise ValidationFailed("The expiry of a key must be in the future.", attr="expires_at")
    if "scoped_projects" in changed:
        _check_projects(key.user, key.scoped_projects)
    if "scoped_organizations" in changed:
        _check_organizations(key.user, key.scoped_organizations)
    return list(changed)


def _check_required(changes: KeyChanges) -> None:
    if "label" in changes:
        if not changes["label"].strip():
            raise ValidationFailed("A label may not be blank.", attr="label", code="blank")
        if len(changes["label"]) > LABEL_MAX_LENGTH:
            raise ValidationFailed(
                f"A label has at most {LABEL_MAX_LENGTH} characters.", attr="label", code="max_length"
            )
    if "scopes" in changes:
        if not changes["scopes"]:
            raise ValidationFailed("A key needs at least one scope.", attr="scopes", code="required")
        for scope in changes["scopes"]:
            if not key_scopes.is_valid_scope(scope):
                raise ValidationFailed(f"Invalid scope: {scope}", attr="scopes")


def _check_projects(user: User, project_ids: Sequence[int]) -> None:
    joined = Membership.objects.for_user(user.pk).filter(project_id__in=project_ids)
    if set(project_ids) - set(joined.values_list("project_id", flat=True)):
        raise ValidationFailed(
            "You must be a member of all teams that you are scoping the key to.", attr="scoped_teams"
        )


def _check_organizations(user: User, organization_ids: Sequence[str]) -> None:
    joined = Membership.objects.for_user(user.pk).values_list("project__organization_id", flat=True)
    if set(organization_ids) - {str(id_) for id_ in joined}:
        raise ValidationFailed(
            "You must be a member of all organizations that you are scoping the key to.", attr="scoped_organizations"
        )
