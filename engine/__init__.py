"""ClickHouse, embedded or remote. The package has no models and no HTTP API. `client.py` is its entry point."""
