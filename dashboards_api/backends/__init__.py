"""Django's database backends with a `read` of their own, for prepared queries (`dashboards_api/prepared.py`)."""
