"""The users of the benchmark projects, with their memberships and keys."""

from random import Random
from typing import NamedTuple
from uuid import UUID

from users.models import Membership, MembershipLevel, Organization, PersonalAPIKey, Project, User
from users.models.personal_api_key import PREFIX, RANDOM_BITS, encode_base62

USERS = 50
KEYS_PER_USER = 100


class Team(NamedTuple):
    """Two projects, the members of both projects, and the secret of an API key of the first member, an admin."""

    big: Project
    small: Project
    users: list[User]
    key: str


def make_team(random: Random) -> Team:
    organization = Organization.objects.create(id=make_uuid(random), name="Bench", slug="bench")
    big, small = (
        Project.objects.create(
            uuid=make_uuid(random), organization=organization, name=name, api_token=f"phc_bench_{name.lower()}"
        )
        for name in ("Big", "Small")
    )
    users = User.objects.bulk_create([_user(number, random) for number in range(1, USERS + 1)])
    Membership.objects.bulk_create(
        Membership(user=user, project=project, level=MembershipLevel.MEMBER if index else MembershipLevel.ADMIN)
        for project in (big, small)
        for index, user in enumerate(users)
    )
    return Team(big, small, users, _make_keys(users, random))


def make_uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


def _user(number: int, random: Random) -> User:
    return User(
        uuid=make_uuid(random),
        distinct_id=str(make_uuid(random)),
        email=f"user{number}@bench.example.com",
        first_name=f"First{number}",
        last_name=f"Last{number}",
        is_email_verified=True,
        password="!",  # noqa: S106  an unusable password
    )


def _make_keys(users: list[User], random: Random) -> str:
    """Create API keys with all scopes, more per user than the service allows, so that a look-up is not trivial."""
    values = [PREFIX + encode_base62(random.getrandbits(RANDOM_BITS)) for _ in range(len(users) * KEYS_PER_USER)]
    keys = []
    for index, value in enumerate(values):
        key = PersonalAPIKey(id=encode_base62(random.getrandbits(128)), user=users[index % len(users)], label="bench")
        key.scopes = ["*"]
        key.set_secret(value)
        keys.append(key)
    PersonalAPIKey.objects.bulk_create(keys)
    return values[0]
