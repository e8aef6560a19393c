"""The application that `dashboards_api/server.py` serves: the edge around Django."""

import gc

from dashboards_api.wsgi import application as django_application  # first, because it sets up Django

from django.urls import get_resolver  # isort: skip

from dashboards_api.db.statement_timeout import limit_statements  # isort: skip
from dashboards_api.http.edge import Edge  # isort: skip
from dashboards_api.release import get_release_hash  # isort: skip

limit_statements()
application = Edge(django_application)

# Load all permanent objects, and exclude them from garbage collection. A full collection of these objects would stop
# every request of the worker for tens of milliseconds.
_ = get_resolver().url_patterns
get_release_hash()
gc.collect()
gc.freeze()
# A list of a hundred dashboards allocates thousands of containers, so the default threshold of 700 would start several
# collections in each request, which take 7% of its CPU time. With a threshold of 10,000, a worker needs 5 MB more.
gc.set_threshold(5_000)
