"""Database backends of Django with a fast `fetch` for compiled queries (`dashboards_api/db/compiled_queries.py`)."""
