"""What is shared, as a table: below no project, opened by a token alone."""

from django.urls import re_path

from dashboards.readers.shared import PageType
from dashboards.views.shared import SharedDashboardView

# By their first step; the last is the older name of the first.
PAGES: dict[str, PageType] = {"shared": "scene", "embedded": "embed", "shared_dashboard": "scene"}

urlpatterns = [
    re_path(
        rf"^{step}/(?P<access_token>[A-Za-z0-9_-]{{20,64}})\.json\Z", SharedDashboardView.as_view(page_type=page_type)
    )
    for step, page_type in PAGES.items()
]
