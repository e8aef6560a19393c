"""The console: pages for signed-in users, and those for signing in."""
