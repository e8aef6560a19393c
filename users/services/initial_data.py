"""Create the first rows of an empty database: an admin, an organization, a project and an API key."""

from dashboards_api.db.retry import atomic_with_retry
from users.models import MembershipLevel, User
from users.services.api_keys import NewKey, create_api_key
from users.services.projects import add_member, create_project
from users.services.users import create_user

DEFAULT_ADMIN_EMAIL = "admin@example.com"


@atomic_with_retry
def create_initial_data() -> NewKey | None:
    """Create the initial data and return its API key, or None if the database has users.

    The admin has no usable password, but signs in with a set-up link or uses the key.
    """
    if User.objects.exists():
        return None
    admin = create_user(DEFAULT_ADMIN_EMAIL, first_name="Admin", is_staff=True)
    project = create_project("Default project", organization_name="Default organization")
    add_member(project, user=admin, level=MembershipLevel.OWNER)
    return create_api_key(admin, label="First key", scopes=["*"])
