"""Create and change projects, organizations and memberships. Each function is one transaction."""

from collections.abc import Sequence
from functools import partial

import structlog
from django.db import transaction
from django.utils.text import slugify

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import Forbidden, ValidationFailed
from dashboards_api.limits import MAX_PROJECTS
from users.models import Membership, MembershipLevel, Organization, Project, User
from users.services.project_settings import ProjectSettings, assign_settings
from users.services.users import get_user_by_email
from users.services.validation import as_domain_error

logger = structlog.get_logger("users.projects")


@atomic_with_retry
def create_project(
    name: str,
    *,
    organization_name: str,
    settings: ProjectSettings | None = None,
    admins: Sequence[str] = (),
    members: Sequence[str] = (),
) -> Project:
    """Create a project with members, given by e-mail address. Its organization is created if the name is new.

    Raises NotFound if a user does not exist, and ValidationFailed for an invalid setting.
    """
    project = _insert_project(_get_or_create_organization(organization_name), {**(settings or {}), "name": name})
    people = [(email, MembershipLevel.MEMBER) for email in members]
    people += [(email, MembershipLevel.ADMIN) for email in admins]
    for email, level in people:
        add_member(project, user=get_user_by_email(email), level=level)
    return project


def check_may_create(acting: Membership) -> None:
    """Raise Forbidden unless the highest membership of a user in an organization allows them to create projects."""
    if not acting.is_admin:
        raise Forbidden("Only admins of a project in this organization may create projects.")


def check_may_update(acting: Membership) -> None:
    """Raise Forbidden unless a membership allows its user to change the settings of the project."""
    if not acting.is_admin:
        raise Forbidden("Only admins of the project may change its settings.")


@atomic_with_retry
def create_organization_project(acting: Membership, settings: ProjectSettings) -> Project:
    """Create a project in the organization of the acting member, who has the same level in the new project.

    `acting` is the highest membership of the user in the organization. Raises Forbidden, and ValidationFailed for an
    invalid setting and if the limit on projects is reached.
    """
    check_may_create(acting)
    # Without this lock, concurrent requests would each count fewer projects than the limit.
    organization = Organization.objects.select_for_update(no_key=True).get(pk=acting.project.organization_id)
    if organization.projects.count() >= MAX_PROJECTS:
        detail = f"An organization has at most {MAX_PROJECTS} projects. Operators can create more on the command line."
        raise ValidationFailed(detail)
    project = _insert_project(organization, settings)
    add_member(project, user=acting.user, level=MembershipLevel(acting.level))
    _log("project created", acting, project)
    return project


@atomic_with_retry
def update_project(acting: Membership, settings: ProjectSettings) -> Project:
    """Change the settings of a project. Raises Forbidden, and ValidationFailed for an invalid setting."""
    check_may_update(acting)
    project = lock_project(acting.project_id)
    if changed := assign_settings(project, settings):
        project.save(update_fields=changed)
        _log("project changed", acting, project, settings=changed)
    return project


def _insert_project(organization: Organization, settings: ProjectSettings) -> Project:
    project = Project(organization=organization)
    assign_settings(project, settings)
    project.save(force_insert=True)
    return project


def _log(event: str, acting: Membership, project: Project, **more: object) -> None:
    """Log a change, without its values, after it is committed."""
    key = acting.key.id if acting.key else None
    line = partial(logger.info, event, project=project.pk, user=acting.user_id, key=key, **more)
    transaction.on_commit(line)


def lock_project(project_id: int) -> Project:
    """Lock and return a project before its members change. Without the lock, two admins could remove each other."""
    return Project.objects.select_for_update(no_key=True).get(pk=project_id)


@atomic_with_retry
def add_member(project: Project, *, user: User, level: MembershipLevel = MembershipLevel.MEMBER) -> Membership:
    """Make a user a member of a project, or change their level. Their first project becomes the current project."""
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
