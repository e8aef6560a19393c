"""Shared dashboards: pages that open by a link, without signing in."""
