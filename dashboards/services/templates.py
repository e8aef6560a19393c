"""Operations on stored templates: create, update, delete and restore, each in one transaction."""

import uuid
from typing import NamedTuple

from dashboards.access import check_may_change_template
from dashboards.changelog.limits import check_tags
from dashboards.exceptions import DashboardTemplateNotFound, TemplateNotFound
from dashboards.models import DashboardTemplate, TemplateScope
from dashboards.services.inputs import DashboardInput, TemplateInput
from dashboards.services.rows import assign_changed_fields
from dashboards.template_documents.documents import Document, find_builtin, get_builtin_ids, read_builtin_templates
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import Conflict, Forbidden, ValidationFailed
from users.models import Membership, Project

# Maximum number of stored templates whose names are compared to suggest the nearest name.
NAMES_COMPARED = 200
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


class CheckedTemplate(NamedTuple):
    """A validated template document, for `create_template` and `update_template`."""

    content: TemplateInput
    document: Document


def check_new_template(*, content: TemplateInput, created_by: Membership) -> CheckedTemplate:
    """Check the document of a new template. The check may take seconds, and is refused inside a transaction.

    Raises ValidationFailed for an invalid template, and Forbidden.
    """
    check_may_change_template(
        created_by,
        project_id=created_by.project_id,
        scopes=[content.get("scope", TemplateScope.TEAM)],
        features=content.get("is_featured", False),
    )
    fill_template(dict(content), attr="")
    return CheckedTemplate(content, dict(content))


@atomic_with_retry
def create_template(project: Project, *, checked: CheckedTemplate, created_by: Membership) -> DashboardTemplate:
    """Create a template of a project. Raises ValidationFailed if the name is taken."""
    _lock_names(project.pk)
    template = DashboardTemplate(project=project, created_by=created_by.user)
    check_tags([], checked.content.get("tags", []))
    assign_changed_fields(template, checked.content, FIELDS)
    template.derive()
    _check_name_is_free(template)
    template.save(force_insert=True)
    return template


def check_template_changes(
    template_id: uuid.UUID, *, project: Project, changes: TemplateInput, updated_by: Membership
) -> CheckedTemplate:
    """Check a template document with some changes. The check may take seconds, and is refused inside a transaction.

    Raises DashboardTemplateNotFound (also for a deleted template, unless it is restored), Forbidden and
    ValidationFailed.
    """
    template = _load_for_change(template_id, project, changes, lock=False)
    if columns := _assign_changes(template, changes, updated_by):
        fill_template(template.build_document(), attr="", is_new=not {"tiles", "variables"}.isdisjoint(columns))
    return CheckedTemplate(changes, template.build_document())


@atomic_with_retry
def update_template(
    template_id: uuid.UUID, *, project: Project, checked: CheckedTemplate, updated_by: Membership
) -> None:
    """Change, delete or restore a template.

    Raises the exceptions of `check_template_changes`, ValidationFailed if the name is taken, and Conflict if the
    template was changed after the check.
    """
    template = _load_for_change(template_id, project, checked.content, lock=True)
    if template.project_id:
        _lock_names(template.project_id)
    columns = _assign_changes(template, checked.content, updated_by)
    if template.build_document() != checked.document:
        raise Conflict("Somebody changed this template at the same time. Please try again.")
    if not columns:
        return
    template.derive()
    if not template.deleted:
        _check_name_is_free(template)
    template.save(update_fields=[*columns, "name_key", "tags_key", "search_text"])


def _load_for_change(
    template_id: uuid.UUID, project: Project, changes: TemplateInput, *, lock: bool
) -> DashboardTemplate:
    if template_id in get_builtin_ids():
        raise Forbidden("A built-in template cannot be changed. Store its document as a template of your own.")
    templates = DashboardTemplate.objects.visible_in(project).filter(pk=template_id)
    template: DashboardTemplate | None = (templates.select_for_update() if lock else templates).first()
    if template is None or (template.deleted and changes.get("deleted") is not False):
        raise DashboardTemplateNotFound
    return template


def _assign_changes(template: DashboardTemplate, changes: TemplateInput, updated_by: Membership) -> list[str]:
    """Set the values that differ, and return their columns. Raises Forbidden and ValidationFailed."""
    scope_before = template.scope
    check_tags(template.tags, changes.get("tags", []))
    columns = assign_changed_fields(template, changes, FIELDS)
    check_may_change_template(
        updated_by,
        project_id=template.project_id,
        scopes=[scope_before, template.scope],
        features="is_featured" in columns,
    )
    if template.project_id is None and template.scope != TemplateScope.GLOBAL:
        raise ValidationFailed(
            "This template does not belong to a project, so its scope can only be global.", attr="scope"
        )
    return columns


def _lock_names(project_id: int) -> None:
    """Lock the template names of a project to prevent a race condition between two writes of one name."""
    Project.objects.select_for_update(no_key=True).get(pk=project_id)


def _check_name_is_free(template: DashboardTemplate) -> None:
    if template.template_name in read_builtin_templates():
        raise ValidationFailed("This is the name of a built-in template.", attr="template_name", code="unique")
    namesakes = DashboardTemplate.objects.not_deleted().filter(
        project=template.project_id, template_name=template.template_name
    )
    if namesakes.exclude(pk=template.pk).exists():
        raise ValidationFailed("There is already a template with this name.", attr="template_name", code="unique")


def resolve_use_template(project: Project, content: DashboardInput) -> Document | None:
    """Return the filled template that `use_template` of a new dashboard names, for `create_dashboard`.

    Filling may take seconds, and is refused inside a transaction. Raises TemplateNotFound, and ValidationFailed if the
    content names a dashboard as well.
    """
    name = content.get("use_template")
    if not name:
        return None
    if content.get("use_dashboard") is not None:
        raise ValidationFailed("`use_template` and `use_dashboard` cannot be used together.")
    return fill_template(_find_template(project, name), attr="use_template", is_new=False)


def _find_template(project: Project, name: str) -> Document:
    """Return the built-in template with the given key, or else the stored or built-in template with the given name.

    If several stored templates match, the template with the nearest scope is returned. Raises TemplateNotFound.
    """
    if name in read_builtin_templates():
        return read_builtin_templates()[name]
    stored = DashboardTemplate.objects.usable_in(project).filter(template_name=name)
    nearest = stored.nearest_first(project).first()
    document = nearest.build_document() if nearest else find_builtin(name)
    if document is None:
        stored_names = DashboardTemplate.objects.usable_in(project).values_list("template_name", flat=True)
        raise TemplateNotFound(name, [*read_builtin_templates(), *stored_names[:NAMES_COMPARED]])
    return document
