"""The use of keys, passwords, links and cookies, before a search for their values in tables and logs."""

from contextlib import closing
from dataclasses import dataclass, field
from uuid import uuid4

import httpx

from tests.security.accounts import PASSWORD, get_email
from tests.security.project_content import create_dashboard, expect_success
from tests.security.service import Target


@dataclass
class UsedSecrets:
    """Used secrets, which must not appear in the log.

    `hashed` must not appear in any table either. `bodies` are words from request bodies.
    """

    hashed: list[str] = field(default_factory=lambda: [PASSWORD])
    links: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    def word(self) -> str:
        self.bodies.append(f"word{uuid4().hex}")
        return self.bodies[-1]


def use_secrets(target: Target, rounds: int) -> UsedSecrets:
    used = UsedSecrets()
    used.hashed += target.keys.values()
    for number in range(rounds):
        _make_keys(target, used, number)
        _use_sharing(target, used)
    _send_refused(target, used)
    return used


def _make_keys(target: Target, used: UsedSecrets, number: int) -> None:
    """Create, rotate and delete keys, and send an Idempotency-Key with one of the requests."""
    with closing(target.session("bob")) as browser:
        used.hashed.append(browser.cookies["sessionid"])
        body = {"label": f"key {number}", "scopes": ["*"], "description": used.word()}
        created = expect_success(browser.post("/api/personal_api_keys/", json=body))
        rolled = expect_success(browser.post(f"/api/personal_api_keys/{created['id']}/roll/"))
        browser.post("/api/personal_api_keys/", json=body, headers={"Idempotency-Key": str(uuid4())})
        browser.delete(f"/api/personal_api_keys/{rolled['id']}/")
    used.hashed += [created["value"], rolled["value"]]
    with target.client(None) as nobody:
        for value in (created["value"], rolled["value"]):
            _show_key(nobody, target, value)


def _show_key(nobody: httpx.Client, target: Target, value: str) -> None:
    """Send the key in the header, in a body, in the query string and in the path."""
    path = target.home("dashboards/")
    nobody.get(path, headers={"Authorization": f"Bearer {value}"})
    nobody.get(path, headers={"Authorization": value})
    nobody.post(path, json={"personal_api_key": value})
    nobody.get(f"{path}?personal_api_key={value}")
    nobody.get(f"/api/projects/{value}/dashboards/")
    nobody.get(f"/api/personal_api_keys/{value}/", headers={"Authorization": f"Bearer {value}"})
    nobody.get(f"/{value}")


def _use_sharing(target: Target, used: UsedSecrets) -> None:
    with target.client("admin") as admin:
        root = target.home()
        board = create_dashboard(admin, root, f"Board {uuid4()}")["dashboards"]
        sharing = f"{root}dashboards/{board}/sharing/"
        chosen = f"Chosen {uuid4()}"
        created = expect_success(admin.post(f"{sharing}passwords/", json={"raw_password": chosen}))
        drawn = expect_success(admin.post(f"{sharing}passwords/", json={"note": used.word()}))
        old = expect_success(admin.get(sharing))["access_token"]
        new = expect_success(admin.post(f"{sharing}refresh/", headers={"Idempotency-Key": str(uuid4())}))[
            "access_token"
        ]
    used.links += [old, new]
    used.hashed += [created["password"], drawn["password"], chosen]
    with target.client(None) as viewer:
        for password in (chosen, drawn["password"]):
            used.hashed.append(expect_success(viewer.post(f"/shared/{new}", json={"password": password}))["shareToken"])
        _open_link(viewer, old, new, used)


def _open_link(viewer: httpx.Client, old: str, new: str, used: UsedSecrets) -> None:
    """Open the old and the new link of a dashboard, and common misspellings of the links."""
    base = str(viewer.base_url).rstrip("/")
    for token in (old, new):
        for step in ("shared", "embedded", "shared_dashboard", "SHARED", "/shared"):  # "/shared" results in two slashes
            for end in ("", ".json", "/", ".json/", "?a=b", "/more"):
                viewer.get(f"{base}/{step}/{token}{end}")
        viewer.post(f"/embedded/{token}", json={"password": used.word()})
        viewer.post(f"/shared/{token}", data={"password": used.word()})


def _send_refused(target: Target, used: UsedSecrets) -> None:
    """Send invalid bodies of all kinds, and wrong passwords."""
    with target.client("admin") as admin:
        path = target.home("dashboards/")
        admin.post(path, content=f'{{"name": "{used.word()}"'.encode(), headers={"Content-Type": "application/json"})
        admin.post(path, content=used.word().encode(), headers={"Content-Type": "text/plain"})
        admin.post(path, json={"name": [used.word()], "tiles": used.word()})
        admin.post(path, json={"name": used.word(), "filters": {used.word(): used.word()}})
        admin.post(path, data={"name": used.word()})
        admin.post(path, files={"name": (used.word(), used.word().encode())})
        admin.get(f"{path}?search={used.word()}")
    with target.client(None) as nobody:
        for name in ("alice", "nobody"):
            nobody.post("/api/login/", json={"email": get_email(name), "password": used.word()})
            nobody.post("/login", data={"email": get_email(name), "password": used.word()})
