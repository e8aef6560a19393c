"""Pages of shared dashboards, which need a share link but no sign-in."""
