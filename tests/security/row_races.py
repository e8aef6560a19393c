"""Race conditions on rows: API keys, share links, dashboards and rate limits. Each function runs one round."""

import contextlib
import time
from typing import Any

import httpx

from tests.security.concurrent_clients import ClientRequest
from tests.security.project_content import expect_success, list_rows
from tests.security.race_harness import LOST, TWICE, WRONG, RaceHarness, filter_by_status

KEYS_AT_ONCE = 11
KEYS_AT_MOST = 10
SHARERS = 20
CREATES = 50
REPEATS = 20
LIMIT = 60
CALLERS = 50
CALLS = 2
WINDOW = 60
SECONDS_OF_ROUND = 3


def build_browser_headers(browser: httpx.Client) -> dict[str, str]:
    """Return the headers of a signed-in browser."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"Cookie": cookies, "X-CSRFToken": browser.headers["X-CSRFToken"]}


def race_keys(harness: RaceHarness, token: str) -> None:
    """Create 11 keys from one session. At most 10 must exist."""
    with contextlib.closing(harness.target.session("carol")) as browser:
        path = "/api/personal_api_keys/"
        before = {row["id"] for row in expect_success(browser.get(path))}
        request = ClientRequest("POST", path, {"label": token[:40], "scopes": ["dashboard:read"]})
        answers = harness.send_together([request] * KEYS_AT_ONCE, {201, 400}, build_browser_headers(browser))
        after = {row["id"] for row in expect_success(browser.get(path))}
        created = {answer.body["id"] for answer in filter_by_status(answers, 201)}
        harness.check(TWICE, len(after) <= KEYS_AT_MOST, "keys of one user", found=len(after))
        right = after == before | created and len(after) == KEYS_AT_MOST
        harness.check(LOST, right, "keys that were made", before=len(before), made=len(created), after=len(after))
        for key_id in created:
            browser.delete(f"{path}{key_id}/").raise_for_status()


def race_sharing(harness: RaceHarness, token: str) -> None:
    """Enable sharing and refresh the link.

    The link that is read must be the only active link. After sharing is disabled, no link may be active.
    """
    board = harness.create_dashboard("shared", tiles=[{"text": {"body": token}}])
    path = f"dashboards/{board['id']}/sharing/"
    requests = [
        ClientRequest("POST", f"{path}refresh/") if number % 2 else ClientRequest("PATCH", path, {"enabled": True})
        for number in range(SHARERS)
    ]
    answers = harness.send_together(requests, {200, 201})
    found = harness.send_one("GET", path)
    seen = {answer.body["access_token"] for answer in answers if answer.status in (200, 201)}
    replaced = [answer.body["access_token"] for answer in answers if answer.request.method == "POST"]
    harness.check(TWICE, len(set(replaced)) == len(replaced), "a token twice", path=path)
    harness.check(LOST, found["enabled"], "enabling", path=path, found=found)
    harness.check(LOST, found["access_token"] in replaced, "the last token is none that was answered", path=path)
    harness.check(LOST, harness.read(board["id"])["is_shared"], "is_shared", path=path)
    page = harness.client.get(f"/shared/{found['access_token']}.json")
    shown = page.status_code == 200 and page.json()["accessToken"] == found["access_token"]
    harness.check(LOST, shown, "the active link", path=path, status=page.status_code)
    closed = harness.send_one("PATCH", path, {"enabled": False})
    for each in {*seen, closed["access_token"]}:
        status = harness.client.get(f"/shared/{each}.json").status_code
        harness.check(TWICE, status == 404, "a link that outlives its end", path=path, status=status)


def race_creates(harness: RaceHarness, token: str) -> None:
    """Create 50 dashboards. There must be 50 new rows, and the count of the list must include them."""
    before = harness.send_one("GET", "dashboards/?limit=1")["count"]
    names = [f"made {token}.{number}" for number in range(CREATES)]
    requests = [ClientRequest("POST", "dashboards/", {"name": name, "tags": [f"made {token}"]}) for name in names]
    answers = harness.send_together(requests, {201})
    ids = {answer.body["id"] for answer in filter_by_status(answers, 201)}
    harness.check(TWICE, len(ids) == len(filter_by_status(answers, 201)), "an id twice", found=len(ids))
    count = harness.send_one("GET", "dashboards/?limit=1")["count"]
    rows = list_rows(harness.client, harness.path("dashboards/"), harness.report)
    mine = sorted(row["name"] for row in rows if row["id"] in ids)
    harness.check(LOST, mine == sorted(names), "rows that were made", wanted=len(names), found=len(mine))
    right = count == len(rows) == before + CREATES
    kind = LOST if len(rows) < before + CREATES else TWICE
    harness.check(kind, right, "the count of the list", before=before, count=count, walked=len(rows))


def race_idempotency(harness: RaceHarness, token: str) -> None:
    """Send a POST request 20 times with one idempotency key. Each successful response must contain the only new row."""
    request = ClientRequest("POST", "dashboards/", {"name": f"once {token}"}, {"Idempotency-Key": token})
    answers = harness.send_together([request] * REPEATS, {201, 409})
    bodies = [answer.body for answer in filter_by_status(answers, 201)]
    firsts = [each for each in filter_by_status(answers, 201) if "Idempotency-Replayed" not in each.headers]
    harness.check(TWICE, len(firsts) == 1, "acts with one key", key=token, found=len(firsts))
    for answer in filter_by_status(answers, 409):
        right = answer.body["code"] == "idempotency_key_in_use" and "Retry-After" in answer.headers
        harness.check(WRONG, right, "a 409 for another reason", key=token, body=answer.body)
    again = harness.client.post(harness.path(request.path), json=request.body, headers=request.headers)
    same = again.status_code == 201 and all(body == again.json() for body in bodies)
    harness.check(WRONG, same, "a repeated answer that differs", key=token, status=again.status_code)
    rows = harness.send_one("GET", f"dashboards/?search=once%20{token}&search_match_type=exact")["results"]
    named = [row["id"] for row in rows if row["name"] == request.body["name"]]
    harness.check(LOST if not named else TWICE, len(named) == 1, "rows of one key", key=token, found=named)


def create_keys(harness: RaceHarness, count: int) -> list[str]:
    """Return `count` keys with separate rate limits, of which at most ten belong to the same user."""
    found = [harness.target.keys["foreign member"], harness.target.keys["vault"]]
    for name in ("carol", "dave"):
        with contextlib.closing(harness.target.session(name)) as browser:
            while len(found) < count:
                body = {"label": "rate limit", "scopes": ["*"]}
                answer = browser.post("/api/personal_api_keys/", json=body)
                if answer.status_code == 400:
                    break
                found.append(expect_success(answer)["value"])
    return found[:count]


def count_allowed(harness: RaceHarness, key: str) -> int:
    """Send 100 requests with a key whose limit is 60 per minute, and return the number of allowed requests."""
    left = WINDOW - time.time() % WINDOW
    if left < SECONDS_OF_ROUND:
        time.sleep(left + 0.1)
    by = {"Authorization": f"Bearer {key}"}
    window = time.time() // WINDOW
    request = ClientRequest("GET", "/api/users/@me/")
    answers = [each for _ in range(CALLS) for each in harness.send_together([request] * CALLERS, {200, 429}, by)]
    windows = int(time.time() // WINDOW - window) + 1
    allowed = len(filter_by_status(answers, 200))
    harness.check(
        TWICE, allowed <= LIMIT * windows, "more requests allowed than the limit", allowed=allowed, windows=windows
    )
    harness.check(LOST, allowed >= LIMIT // 2, "requests refused below the limit", allowed=allowed)
    for answer in filter_by_status(answers, 429):
        wait: Any = answer.headers.get("Retry-After", "0")
        harness.check(WRONG, 1 <= int(wait) <= WINDOW, "a 429 without a time to wait", wait=wait)
    return allowed
