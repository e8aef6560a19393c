"""Routes of shared dashboards as JSON. The routes require an access token. The pages are in `pages/urls.py`."""

from django.urls import re_path

from dashboards.readers.insight_files import FORMATS
from dashboards.readers.shared import PageType
from dashboards.views.shared import SharedDashboardViewSet, SharedTileFileViewSet, UnlockViewSet

# Types of pages by the first segment of the path. `shared_dashboard` is the older name of `shared`.
PAGES: dict[str, PageType] = {"shared": "scene", "embedded": "embed", "shared_dashboard": "scene"}
TOKEN = r"(?P<access_token>[A-Za-z0-9_-]{20,64})"  # noqa: S105  a pattern
# Files are below the path of the page, so that browsers send the cookie of the page with requests for files.
FILE = rf"tiles/(?P<tile_id>[0-9]+)\.(?P<format>{'|'.join(FORMATS)})"

# The view for scripts that expect JSON. It has the same path as the page.
unlock_view = UnlockViewSet.as_view({"post": "unlock"})
urlpatterns = [
    re_path(rf"^{step}/{TOKEN}\.json\Z", SharedDashboardViewSet.as_view({"get": "retrieve"}, page_type=page_type))
    for step, page_type in PAGES.items()
]
urlpatterns += [
    re_path(rf"^{step}/{TOKEN}/{FILE}\Z", SharedTileFileViewSet.as_view({"get": "retrieve"})) for step in PAGES
]
