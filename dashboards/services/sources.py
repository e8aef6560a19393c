"""Where a new dashboard comes from: a template, or another dashboard of the project."""

from dashboards.exceptions import DashboardNotInProject, TemplateNotFound
from dashboards.folders import normalize_folder
from dashboards.models import Dashboard, DashboardTemplate
from dashboards.services.inputs import DashboardInput
from dashboards.services.tags import normalized_tags
from dashboards.template_documents.documents import Document, builtin_templates, find_builtin
from dashboards.template_documents.placeholders import fill_template
from dashboards_api.errors import ValidationFailed
from users.models import Membership, Project

# What a template document may leave out.
TEMPLATE_OPTIONS = ("pinned", "restriction_level", "grid_spacing", "layout_compaction")
# Among how many stored templates the nearest name is looked for.
NAMES_COMPARED = 200


def template_of(project: Project, content: DashboardInput) -> Document | None:
    """The filled template that a new dashboard is made from, for `create_dashboard`. Not inside a transaction: it may
    take long.

    Raises TemplateNotFound, and Invalid where a dashboard is named too.
    """
    name = content.get("use_template")
    if not name:
        return None
    if content.get("use_dashboard") is not None:
        raise ValidationFailed("`use_template` and `use_dashboard` cannot be used together.")
    return fill_template(_template_named(project, name), attr="use_template", is_new=False)


def source_of(project: Project, content: DashboardInput, member: Membership) -> Dashboard | None:
    """The dashboard that a new one is copied from. Raises DashboardNotInProject."""
    source_id = content.get("use_dashboard")
    if source_id is None:
        return None
    source: Dashboard | None = (
        Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(member).filter(pk=source_id).first()
    )
    if source is None:
        raise DashboardNotInProject("use_dashboard")
    return source


def _template_named(project: Project, name: str) -> Document:
    """A built-in template by its key, else the nearest stored one by its name, else a built-in one."""
    if name in builtin_templates():
        return builtin_templates()[name]
    stored = DashboardTemplate.objects.usable_in(project).filter(template_name=name)
    nearest = stored.nearest_first(project).first()
    document = nearest.document() if nearest else find_builtin(name)
    if document is None:
        stored_names = DashboardTemplate.objects.usable_in(project).values_list("template_name", flat=True)
        raise TemplateNotFound(name, [*builtin_templates(), *stored_names[:NAMES_COMPARED]])
    return document


def inherited_from(template: Document | None, source: Dashboard | None) -> DashboardInput:
    """What a new dashboard takes from its source."""
    if template:
        return {
            "description": template["dashboard_description"] or "",
            "filters": template["dashboard_filters"],
            "tags": normalized_tags(template.get("tags", [])),
            "variables": template.get("dashboard_variables", {}),
            "breakdown_colors": template.get("breakdown_colors", []),
            **{name: template[name] for name in TEMPLATE_OPTIONS if name in template},  # type: ignore[typeddict-item]
            **({"folder": normalize_folder(template["folder"])} if "folder" in template else {}),
        }
    if source:
        return {
            "description": source.description,
            "tags": source.tag_names,
            "filters": source.filters,
            "variables": source.variables,
            "breakdown_colors": source.breakdown_colors,
            "data_color_theme_id": source.data_color_theme_id,
            "grid_spacing": source.grid_spacing,
            "layout_compaction": source.layout_compaction,
            "folder": source.folder,
        }
    return {}
