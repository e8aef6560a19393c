"""The WSGI application that a server loads: `dashboards_api.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  settings need the line above

from dashboards_api.http.wsgi import well_formed  # noqa: E402

application = well_formed(_django, limit=settings.MAX_BODY_BYTES)
