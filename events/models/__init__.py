from events.models.definitions import (
    EventDefinition,
    ImportedTable,
    PropertyDefinition,
    PropertyOwner,
    PropertyType,
)
from events.models.store import DataVersion, Store

__all__ = [
    "DataVersion",
    "EventDefinition",
    "ImportedTable",
    "PropertyDefinition",
    "PropertyOwner",
    "PropertyType",
    "Store",
]
