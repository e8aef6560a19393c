"""Database backends of Django with a fast `read` for compiled queries (`dashboards_api/db/compiled_queries.py`)."""
