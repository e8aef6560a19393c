"""Limits on sizes, in characters. The size of free JSON is the length of the stored text.

Values that were stored before a limit existed can be read, sent back and made smaller, but not larger.
"""

# Integers fit into 64 bits on every database.
INTEGER_MIN = -(2**63)
MAX_INTEGER = 2**63 - 1
# The items of any list in a request.
LIST_MAX_LENGTH = 1000
# Passwords are hashed, which takes time in proportion to their length.
PASSWORD_MAX_LENGTH = 1000
DESCRIPTION_MAX_LENGTH = 10_000
# Free JSON in one field, such as `filters` or a tile's `layouts`.
JSON_FIELD_MAX_LENGTH = 1_000_000
# All free JSON of one dashboard and its tiles, or of one stored template.
JSON_TOTAL_MAX_LENGTH = 4_000_000
# The insights on one dashboard together: their queries, filters and descriptions.
INSIGHTS_MAX_LENGTH = 4_000_000
# Insights of at most this size do not count against the limit of a dashboard.
SMALL_INSIGHT = 4_000
# The dashboards that may show the same insight, text or button.
MAX_DASHBOARDS_OF_CONTENT = 200
# The tags of one dashboard, insight or template, and of one bulk request.
MAX_TAGS = 100
# The rows that one bulk request may change.
MAX_BULK_IDS = 500
# The characters that one bulk request may write into tags: the characters of its tags, times the number of its rows.
BULK_TAGS_MAX_LENGTH = 2_000_000
# The rows of a list page, together; a page holds at least one row.
PAGE_MAX_LENGTH = 8_000_000
# The text of a search, in characters.
SEARCH_MAX_LENGTH = 200
# The test-account filters of a project, and their JSON together. Each request for the project reads these filters.
MAX_TEST_ACCOUNT_FILTERS = 100
TEST_ACCOUNT_FILTERS_MAX_LENGTH = 20_000
# The maximum number of projects of an organization. Only operators can create further projects.
MAX_PROJECTS = 100
