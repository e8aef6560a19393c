"""Which project a caller means and may enter. Everything below a project starts from what these functions give."""

from dashboards_api.errors import Forbidden, Missing
from dashboards_api.numbers import whole_number
from users.auth.credentials import Credential
from users.models import Membership, Project, User

CURRENT_PROJECT = "@current"


def get_project_membership(user: User, credential: Credential, reference: str) -> Membership:
    """The caller's membership of the project named in a path, by its number or as `@current`. Its user is at hand.

    Raises Missing for a project that does not exist, Forbidden where the key is narrowed to others or the user is no
    member.
    """
    if reference == CURRENT_PROJECT:
        return get_current_membership(user, credential)
    project_id = whole_number(reference)
    membership = credential.membership
    if project_id is not None and (membership is None or membership.project_id != project_id):
        membership = Membership.objects.for_user(user.pk).with_project().filter(project_id=project_id).first()
    if membership is None:
        if project_id is None or not Project.objects.filter(pk=project_id).exists():
            raise Missing("Project not found.")
        _check_scopes_allow_project(credential, project_id, None)
        raise Forbidden("You don't have access to the project.")
    membership.user, membership.key = user, credential.key
    organization_id = str(membership.project.organization_id) if credential.scoped_organizations else None
    _check_scopes_allow_project(credential, membership.project_id, organization_id)
    return membership


def get_current_membership(user: User, credential: Credential) -> Membership:
    """`@current`: the only project the key is narrowed to, else the user's current one, else the first they joined.

    Raises Missing where there is none, or where it lies outside what the key is narrowed to.
    """
    memberships = list(Membership.objects.for_user(user.pk).with_project().order_by("pk"))
    wanted = credential.scoped_projects[0] if len(credential.scoped_projects) == 1 else user.current_project_id
    chosen: Membership | None = next((m for m in memberships if m.project_id == wanted), None)
    if chosen is None and len(credential.scoped_projects) != 1:
        chosen = next(iter(memberships), None)
    if chosen is None or not credential.allows_project(chosen.project_id, str(chosen.project.organization_id)):
        raise Missing("Project not found.")
    chosen.user, chosen.key = user, credential.key
    return chosen


def _check_scopes_allow_project(credential: Credential, project_id: int, organization_id: str | None) -> None:
    if not credential.allows_project(project_id, organization_id):
        raise Forbidden(f"API key does not have access to the requested project: ID {project_id}.")


def get_organization_memberships(user: User, credential: Credential, reference: str) -> list[Membership]:
    """The caller's memberships in the organization named in a path, by its id or as `@current`: at least one.

    Raises Missing for an organization that does not exist, that the user is not in, or that the key is narrowed away
    from.
    """
    if reference == CURRENT_PROJECT:
        reference = str(get_current_membership(user, credential).project.organization_id)
    memberships = Membership.objects.for_user(user.pk).within_scopes(
        projects=credential.scoped_projects, organizations=credential.scoped_organizations
    )
    found = [
        membership
        for membership in memberships.with_project().order_by("pk")
        if str(membership.project.organization_id) == reference.lower()
    ]
    if not found:
        raise Missing("Organization not found.")
    return found
