"""ClickHouse, embedded or remote. No Django models and no HTTP API: `client.py` is what other packages use."""
