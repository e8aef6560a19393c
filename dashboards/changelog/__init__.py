"""Change tracking: the changes of a write, the versions and snapshots of dashboards, and the activity log."""
