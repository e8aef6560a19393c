"""The WSGI application that a server loads: `dashboards_api.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402  settings need the line above
from django.urls import get_resolver  # noqa: E402

from dashboards_api.http.wsgi import InTurns, well_formed  # noqa: E402
from dashboards_api.release import release  # noqa: E402

application = well_formed(InTurns(_django), limit=settings.MAX_BODY_BYTES)

# Everything that stays is loaded now, and the collector never looks at it again: a full collection among it would stop
# every request of the worker for tens of milliseconds.
_ = get_resolver().url_patterns
release()
gc.collect()
gc.freeze()
