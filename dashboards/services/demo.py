"""The demo project: three dashboards with content, for a first look at the service."""

from dashboards.changelog.tracking import write_transaction
from dashboards.services.dashboards import create_dashboard_from_template
from dashboards.template_documents.documents import Document, read_demo_documents
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import NotFound
from users.models import Membership, MembershipLevel, Project, User
from users.services.projects import add_member, create_project

PROJECT_NAME = "Demo"


def create_demo_project(*, is_first: bool = False) -> Project:
    """Create the demo project unless it exists, and return it. Its owner is the first user.

    With `is_first`, the project becomes the current project of the owner. Raises NotFound if the first user is not a
    member of any project.
    """
    templates = [fill_template(document) for document in read_demo_documents()]
    return _create_demo_project(templates, is_first=is_first)


@atomic_with_retry
def _create_demo_project(templates: list[Document], *, is_first: bool) -> Project:
    owner = User.objects.order_by("pk")[0]
    memberships = Membership.objects.for_user(owner.pk).with_project()
    if existing := memberships.filter(project__name=PROJECT_NAME).first():
        return existing.project
    home = memberships.order_by("pk").first()
    if home is None:
        raise NotFound(f"The demo project requires that the first user, {owner.email}, is a member of a project.")
    project = create_project(PROJECT_NAME, organization_name=home.project.organization.name)
    membership = add_member(project, user=owner, level=MembershipLevel.OWNER)
    with write_transaction(membership) as changes:
        for template in templates:
            create_dashboard_from_template(changes, project, template=template)
    if is_first:
        User.objects.filter(pk=owner.pk).update(current_project=project)
    return project
