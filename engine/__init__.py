"""ClickHouse, embedded or remote. No Django models and no HTTP API; other packages import `client.py`."""
