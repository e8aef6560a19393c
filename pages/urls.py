"""Every page, as a table."""

from django.urls import re_path

from dashboards.shared_urls import PAGES, TOKEN
from pages.views import SharedPageView

urlpatterns = [
    re_path(rf"^{step}/{TOKEN}\Z", SharedPageView.as_view(page_type=page_type)) for step, page_type in PAGES.items()
]
