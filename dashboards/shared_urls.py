"""Routes of shared dashboards as JSON, which open by an access token. The pages are in `pages/urls.py`."""

from django.urls import re_path

from dashboards.readers.shared import PageType
from dashboards.views.shared import SharedDashboardViewSet, UnlockViewSet

# By the first step of the path. `shared_dashboard` is the older name of `shared`.
PAGES: dict[str, PageType] = {"shared": "scene", "embedded": "embed", "shared_dashboard": "scene"}
TOKEN = r"(?P<access_token>[A-Za-z0-9_-]{20,64})"  # noqa: S105  a pattern

# For the path of the page, which answers scripts in JSON.
unlock_view = UnlockViewSet.as_view({"post": "unlock"})
urlpatterns = [
    re_path(rf"^{step}/{TOKEN}\.json\Z", SharedDashboardViewSet.as_view({"get": "retrieve"}, page_type=page_type))
    for step, page_type in PAGES.items()
]
