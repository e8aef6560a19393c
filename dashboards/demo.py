"""A project with three filled dashboards, to look at before there is anything of one's own."""

import json
from pathlib import Path

from django.db import transaction

from dashboards.services.dashboards import create_dashboard_from_template
from dashboards.templates import Document, filled
from dashboards_api.errors import Missing
from users.models import Membership, MembershipLevel, Project, User
from users.services.projects import add_member, create_project

FOLDER = Path(__file__).parent / "demo_templates"
PROJECT_NAME = "Demo"


def create_demo(*, is_first: bool = False) -> Project:
    """Return the demo project, made where there is none yet. The first user is its owner.

    With `is_first` it is the project that the owner sees first. Raises Missing where the first user is in no project.
    """
    templates = [filled(json.loads(path.read_text())) for path in sorted(FOLDER.glob("*.json"))]
    return _create_demo(templates, is_first=is_first)


@transaction.atomic
def _create_demo(templates: list[Document], *, is_first: bool) -> Project:
    owner = User.objects.order_by("pk")[0]
    existing = Membership.objects.of_user(owner.pk).with_project().filter(project__name=PROJECT_NAME).first()
    if existing:
        return existing.project
    home = Membership.objects.of_user(owner.pk).with_project().order_by("pk").first()
    if home is None:
        raise Missing(f"The demo goes beside a project of the first user, {owner.email}, who is in none.")
    project = create_project(PROJECT_NAME, organization_name=home.project.organization.name)
    membership = add_member(project, user=owner, level=MembershipLevel.OWNER)
    for template in templates:
        create_dashboard_from_template(project, template=template, created_by=membership)
    if is_first:
        User.objects.filter(pk=owner.pk).update(current_project=project)
    return project
