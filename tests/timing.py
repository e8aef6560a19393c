"""Limits of time in tests."""

# How much slower than a quiet one a machine may be on which the tests run: two processes of tests share the caches of
# its two cores, and with other machines it may share the cores. What the limits are to find takes ten times as long.
TOLERANCE = 3
