"""Django as a WSGI application. The server runs it behind the edge (`dashboards_api/rsgi.py`)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
application = get_wsgi_application()
