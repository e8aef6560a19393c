from dashboards.models.activity import Activity, ActivityName, ActivityScope, build_activity_uuid
from dashboards.models.content import Button, ButtonPlacement, ButtonStyle, Text
from dashboards.models.dashboard import (
    Collaborator,
    CreationMode,
    Dashboard,
    GridSpacing,
    LayoutCompaction,
    PrivilegeLevel,
    RestrictionLevel,
    fold,
)
from dashboards.models.insight import Insight
from dashboards.models.revision import Revision, RevisionKind
from dashboards.models.sharing_configuration import (
    ReplacedAccessToken,
    SharePassword,
    SharingConfiguration,
    new_access_token,
)
from dashboards.models.tag import DashboardTag, InsightTag, Tag
from dashboards.models.template import DashboardTemplate, TemplateScope
from dashboards.models.tile import Tile

__all__ = [
    "Activity",
    "ActivityName",
    "ActivityScope",
    "Button",
    "ButtonPlacement",
    "ButtonStyle",
    "Collaborator",
    "CreationMode",
    "Dashboard",
    "DashboardTag",
    "DashboardTemplate",
    "GridSpacing",
    "Insight",
    "InsightTag",
    "LayoutCompaction",
    "PrivilegeLevel",
    "ReplacedAccessToken",
    "RestrictionLevel",
    "Revision",
    "RevisionKind",
    "SharePassword",
    "SharingConfiguration",
    "Tag",
    "TemplateScope",
    "Text",
    "Tile",
    "build_activity_uuid",
    "fold",
    "new_access_token",
]
