"""Change tracking: what a write changed, the versions and snapshots of dashboards, and the activity log."""
