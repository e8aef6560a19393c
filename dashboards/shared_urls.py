"""What is shared, as JSON: below no project, opened by a token alone. The pages are in `pages/urls.py`."""

from django.urls import re_path

from dashboards.readers.shared import PageType
from dashboards.views.shared import SharedDashboardViewSet

# By their first step; the last is the older name of the first.
PAGES: dict[str, PageType] = {"shared": "scene", "embedded": "embed", "shared_dashboard": "scene"}
TOKEN = r"(?P<access_token>[A-Za-z0-9_-]{20,64})"  # noqa: S105  a pattern

urlpatterns = [
    re_path(rf"^{step}/{TOKEN}\.json\Z", SharedDashboardViewSet.as_view({"get": "retrieve"}, page_type=page_type))
    for step, page_type in PAGES.items()
]
