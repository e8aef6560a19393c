"""The verbs of stored templates: create, update, delete, restore. One transaction each."""

import uuid

from django.db import transaction

from dashboards.access import check_may_change_template
from dashboards.exceptions import DashboardTemplateMissing
from dashboards.models import DashboardTemplate, TemplateScope
from dashboards.services.changes import TemplateChanges, take
from dashboards.templates import builtin_templates, filled
from dashboards_api.errors import Invalid
from users.models import Membership, Project

FIELDS = (
    "template_name",
    "dashboard_description",
    "dashboard_filters",
    "dashboard_variables",
    "breakdown_colors",
    "tags",
    "tiles",
    "variables",
    "scope",
    "is_featured",
    "image_url",
    "deleted",
)


@transaction.atomic
def create_template(project: Project, *, content: TemplateChanges, created_by: Membership) -> DashboardTemplate:
    """A new template of a project. Raises Invalid for what is no template or a name that is taken, and Forbidden."""
    check_may_change_template(
        created_by,
        is_global=content.get("scope") == TemplateScope.GLOBAL,
        features=content.get("is_featured", False),
    )
    filled(dict(content), attr="")
    _lock_names(project.pk)
    template = DashboardTemplate(project=project, created_by=created_by.user)
    take(template, content, FIELDS)
    template.derive()
    _check_name_is_free(template)
    template.save(force_insert=True)
    return template


@transaction.atomic
def update_template(
    template_id: uuid.UUID, *, project: Project, changes: TemplateChanges, updated_by: Membership
) -> None:
    """Change a template, delete or restore it.

    Raises DashboardTemplateMissing (also for a deleted one, unless it is restored), Forbidden and Invalid.
    """
    template = DashboardTemplate.objects.visible_in(project).select_for_update().filter(pk=template_id).first()
    if template is None or (template.deleted and changes.get("deleted") is not False):
        raise DashboardTemplateMissing
    if template.project_id:
        _lock_names(template.project_id)
    was_global = template.scope == TemplateScope.GLOBAL
    columns = take(template, changes, FIELDS)
    check_may_change_template(
        updated_by,
        is_global=was_global or template.scope == TemplateScope.GLOBAL,
        features="is_featured" in columns,
    )
    if template.project_id is None and template.scope == TemplateScope.TEAM:
        raise Invalid("This template belongs to no project: it can only be global.", attr="scope")
    if not columns:
        return
    filled(template.document(), attr="")
    template.derive()
    if not template.deleted:
        _check_name_is_free(template)
    template.save(update_fields=[*columns, "name_key", "tags_key", "search_text"])


def _lock_names(project_id: int) -> None:
    """Two writers at once would both find a name free."""
    Project.objects.select_for_update(no_key=True).get(pk=project_id)


def _check_name_is_free(template: DashboardTemplate) -> None:
    if template.template_name in builtin_templates():
        raise Invalid("This is the name of a built-in template.", attr="template_name", code="unique")
    namesakes = DashboardTemplate.objects.not_deleted().filter(
        project=template.project_id, template_name=template.template_name
    )
    if namesakes.exclude(pk=template.pk).exists():
        raise Invalid("There is a template of this name already.", attr="template_name", code="unique")
