"""Create projects, organizations and memberships. Each function is one transaction."""

from collections.abc import Sequence

from django.utils.text import slugify

from dashboards_api.db.retry import atomic_with_retry
from users.models import Membership, MembershipLevel, Organization, Project, User
from users.services.users import get_user_by_email
from users.services.validation import as_domain_error


@atomic_with_retry
def create_project(
    name: str, *, organization_name: str, admins: Sequence[str] = (), members: Sequence[str] = ()
) -> Project:
    """Create a project with members, given by e-mail address, in the organization of that name, creating that as well.

    Raises NotFound if a user does not exist.
    """
    organization = _get_or_create_organization(organization_name)
    project = Project(name=name, organization=organization)
    with as_domain_error("name"):
        project.clean_fields()
    project.save(force_insert=True)
    people = [(email, MembershipLevel.MEMBER) for email in members]
    people += [(email, MembershipLevel.ADMIN) for email in admins]
    for email, level in people:
        add_member(project, user=get_user_by_email(email), level=level)
    return project


def lock_project(project_id: int) -> Project:
    """Lock and return a project before its members change. Without the lock, two admins could remove each other."""
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


@atomic_with_retry
def add_member(project: Project, *, user: User, level: MembershipLevel = MembershipLevel.MEMBER) -> Membership:
    """Make a user a member of a project, or change their level. Their first project becomes their current one."""
    membership, _ = Membership.objects.update_or_create(project=project, user=user, defaults={"level": level})
    if user.current_project_id is None:
        user.current_project = project
        user.save(update_fields=["current_project"])
    return membership


def _get_or_create_organization(name: str) -> Organization:
    existing = Organization.objects.filter(name=name).order_by("created_at", "id").first()
    if existing:
        return existing
    base = slugify(name)[:55] or "organization"
    slug, number = base, 1
    while Organization.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{base}-{number}"
    organization = Organization(name=name, slug=slug)
    with as_domain_error("organization"):
        organization.clean_fields()
    organization.save(force_insert=True)
    return organization
