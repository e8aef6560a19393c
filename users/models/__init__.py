from dashboards_api.idempotency.models import IdempotentRequest
from users.models.attempt import AttemptCounter
from users.models.invitation import Invitation
from users.models.personal_api_key import PersonalAPIKey, hash_of, new_key_value
from users.models.project import KeyName, Membership, MembershipLevel, Organization, Project
from users.models.rate_window import RateWindow
from users.models.user import User

__all__ = [
    "AttemptCounter",
    "IdempotentRequest",
    "Invitation",
    "KeyName",
    "Membership",
    "MembershipLevel",
    "Organization",
    "PersonalAPIKey",
    "Project",
    "RateWindow",
    "User",
    "hash_of",
    "new_key_value",
]
