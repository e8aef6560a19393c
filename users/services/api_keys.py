"""What changes personal API keys. Each function is one transaction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from dashboards_api.errors import Invalid, Missing
from dashboards_api.stamps import write_if_free
from users import scopes as key_scopes
from users.models import Membership, PersonalAPIKey, User, new_key_value

MAX_KEYS_PER_USER = 10


class NewKey(NamedTuple):
    """A key with its secret, at the only moment when the secret is known."""

    key: PersonalAPIKey
    value: str


@transaction.atomic
def create_api_key(
    user: User,
    *,
    label: str,
    scopes: Sequence[str],
    project_ids: Sequence[int] = (),
    organization_ids: Sequence[str] = (),
    expires_in_days: int | None = None,
) -> NewKey:
    """A key for `user`, narrowed to the given projects and organizations where there are any.

    Raises Invalid for a bad label, scope, expiry or narrowing, and beyond ten keys.
    """
    _check_key(label, scopes, expires_in_days)
    _check_narrowing(user, project_ids, organization_ids)
    # The lock on the user makes concurrent requests count one after the other.
    User.objects.select_for_update().get(pk=user.pk)
    if user.personal_api_keys.count() >= MAX_KEYS_PER_USER:
        raise Invalid(f"You can only have {MAX_KEYS_PER_USER} personal API keys. Remove an existing key first.")
    value = new_key_value()
    key = PersonalAPIKey(
        user=user,
        label=label,
        scopes=list(dict.fromkeys(scopes)),
        scoped_projects=list(dict.fromkeys(project_ids)),
        scoped_organizations=list(dict.fromkeys(organization_ids)),
        expires_at=timezone.now() + timedelta(days=expires_in_days) if expires_in_days else None,
    )
    key.take_secret(value)
    key.save(force_insert=True)
    return NewKey(key, value)


@transaction.atomic
def roll_api_key(key_id: str) -> NewKey:
    """A new secret for a key; the old one is dead at once. Raises Missing."""
    key = PersonalAPIKey.objects.select_for_update().filter(pk=key_id).first()
    if key is None:
        raise Missing(f"There is no API key with the id {key_id}.")
    value = new_key_value()
    key.take_secret(value)
    key.last_rolled_at = timezone.now()
    key.save(update_fields=["secret_hash", "mask_value", "last_rolled_at"])
    return NewKey(key, value)


@transaction.atomic
def revoke_api_key(key_id: str) -> None:
    """Delete a key: it is refused from the next request on. Raises Missing."""
    deleted, _ = PersonalAPIKey.objects.filter(pk=key_id).delete()
    if not deleted:
        raise Missing(f"There is no API key with the id {key_id}.")


def note_use(key: PersonalAPIKey) -> None:
    """Write down that a key was used, at most once an hour."""
    now = timezone.now()
    if key.use_is_worth_noting(now):
        write_if_free(lambda: PersonalAPIKey.objects.filter(pk=key.pk).update(last_used_at=now))


def _check_key(label: str, scopes: Sequence[str], expires_in_days: int | None) -> None:
    if not label.strip() or len(label) > 40:
        raise Invalid("A label must have 1 to 40 characters.", attr="label")
    if not scopes:
        raise Invalid("A key needs at least one scope.", attr="scopes", code="required")
    for scope in scopes:
        if not key_scopes.is_scope(scope):
            raise Invalid(f"Invalid scope: {scope}", attr="scopes")
    if expires_in_days is not None and not 1 <= expires_in_days <= 36500:
        raise Invalid("A key expires in 1 to 36,500 days.", attr="expires_in")


def _check_narrowing(user: User, project_ids: Sequence[int], organization_ids: Sequence[str]) -> None:
    memberships = Membership.objects.of_user(user.pk)
    joined = set(memberships.filter(project_id__in=project_ids).values_list("project_id", flat=True))
    if set(project_ids) - joined:
        raise Invalid("You must be a member of all teams that you are scoping the key to.", attr="scoped_teams")
    organizations = {str(id_) for id_ in memberships.values_list("project__organization_id", flat=True)}
    if set(organization_ids) - organizations:
        raise Invalid(
            "You must be a member of all organizations that you are scoping the key to.", attr="scoped_organizations"
        )
