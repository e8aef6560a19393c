"""ClickHouse, embedded or remote. The package has no models and no HTTP API. Other packages import `client.py`."""
