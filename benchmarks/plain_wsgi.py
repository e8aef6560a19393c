"""The WSGI application of the plain service."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.plain_settings"
application = get_wsgi_application()
