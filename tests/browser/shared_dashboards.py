"""The shared dashboards of browser tests, created through the API."""

import httpx

SHARE_PASSWORD = "open sesame"


def share_dashboard(api: httpx.Client) -> str:
    """Create and share a dashboard with a tile of each kind, and return its path."""
    tiles = [
        {
            "text": {"body": "## Hello\n\n[more](https://example.com/)"},
            "layouts": {"sm": {"x": 0, "y": 0, "w": 6, "h": 4}},
        },
        {"button_tile": {"url": "/handbook", "text": "Handbook"}, "layouts": {"sm": {"x": 6, "y": 0, "w": 6, "h": 4}}},
    ]
    board = api.post("dashboards/", json={"name": "Shared board", "tiles": tiles}).json()["id"]
    api.post("insights/", json={"name": "Visits", "query": {"kind": "TrendsQuery"}, "dashboards": [board]})
    token = api.patch(f"dashboards/{board}/sharing/", json={"enabled": True}).json()["access_token"]
    return f"/shared/{token}"


def require_password(api: httpx.Client, shared: str) -> None:
    """Require a password for a shared dashboard."""
    paths = [f"dashboards/{row['id']}/sharing/" for row in api.get("dashboards/").json()["results"]]
    [path] = [path for path in paths if api.get(path).json()["access_token"] == shared.rpartition("/")[2]]
    api.patch(path, json={"password_required": True})
    assert api.post(f"{path}passwords/", json={"raw_password": SHARE_PASSWORD}).status_code == 201
