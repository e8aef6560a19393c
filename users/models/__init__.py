from dashboards_api.idempotency.models import IdempotentRequest
from users.models.attempt_counter import AttemptCounter
from users.models.invitation import Invitation
from users.models.personal_api_key import PersonalAPIKey, generate_key_value, hash_secret
from users.models.project import KeyReference, Membership, MembershipLevel, Organization, Project, WeekStartDay
from users.models.rate_window import RateWindow
from users.models.user import User

__all__ = [
    "AttemptCounter",
    "IdempotentRequest",
    "Invitation",
    "KeyReference",
    "Membership",
    "MembershipLevel",
    "Organization",
    "PersonalAPIKey",
    "Project",
    "RateWindow",
    "User",
    "WeekStartDay",
    "generate_key_value",
    "hash_secret",
]
