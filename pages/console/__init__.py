"""The console: pages for signed-in users, and the pages for signing in."""
