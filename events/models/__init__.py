from events.models.store import DataVersion, Store

__all__ = ["DataVersion", "Store"]
