from dashboards.models.content import Button, ButtonPlacement, ButtonStyle, Text
from dashboards.models.dashboard import CreationMode, Dashboard, RestrictionLevel, fold
from dashboards.models.sharing_configuration import SharingConfiguration
from dashboards.models.tag import DashboardTag, Tag
from dashboards.models.tile import Tile

__all__ = [
    "Button",
    "ButtonPlacement",
    "ButtonStyle",
    "CreationMode",
    "Dashboard",
    "DashboardTag",
    "RestrictionLevel",
    "SharingConfiguration",
    "Tag",
    "Text",
    "Tile",
    "fold",
]
