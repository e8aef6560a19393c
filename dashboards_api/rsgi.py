"""The application that `dashboards_api/server.py` serves: the edge around Django."""

import gc

from dashboards_api.wsgi import application as django_application  # first: it sets Django up

from django.urls import get_resolver  # isort: skip

from dashboards_api.db.statement_timeout import limit_statements  # isort: skip
from dashboards_api.http.edge import Edge  # isort: skip
from dashboards_api.release import get_release_hash  # isort: skip

limit_statements()
application = Edge(django_application)

# Load everything that stays, and exclude it from garbage collection: a full collection of it would stop every request
# of the worker for tens of milliseconds.
_ = get_resolver().url_patterns
get_release_hash()
gc.collect()
gc.freeze()
