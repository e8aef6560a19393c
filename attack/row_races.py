"""Races for rows: keys, links, dashboards, permits. Each function is one round."""

import contextlib
import time
from typing import Any

import httpx

from attack.content import all_pages, sent
from attack.crowd import Sent
from attack.scene import LOST, TWICE, WRONG, Scene, with_status

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


def of_browser(browser: httpx.Client) -> dict[str, str]:
    """The headers of somebody who signed in."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    return {"Cookie": cookies, "X-CSRFToken": browser.headers["X-CSRFToken"]}


def keys(scene: Scene, token: str) -> None:
    """Somebody who signed in makes 11 keys: there are 10."""
    with contextlib.closing(scene.target.session("carol")) as browser:
        path = "/api/personal_api_keys/"
        before = {row["id"] for row in sent(browser.get(path))}
        request = Sent("POST", path, {"label": token[:40], "scopes": ["dashboard:read"]})
        answers = scene.at_once([request] * KEYS_AT_ONCE, {201, 400}, of_browser(browser))
        after = {row["id"] for row in sent(browser.get(path))}
        made = {answer.body["id"] for answer in with_status(answers, 201)}
        scene.check(TWICE, len(after) <= KEYS_AT_MOST, "keys of one user", found=len(after))
        right = after == before | made and len(after) == KEYS_AT_MOST
        scene.check(LOST, right, "keys that were made", before=len(before), made=len(made), after=len(after))
        for key_id in made:
            browser.delete(f"{path}{key_id}/").raise_for_status()


def sharing(scene: Scene, token: str) -> None:
    """A link is opened and replaced: one is active, which is the one that is read, and closing it closes all."""
    board = scene.board("shared", tiles=[{"text": {"body": token}}])
    path = f"dashboards/{board['id']}/sharing/"
    requests = [
        Sent("POST", f"{path}refresh/") if number % 2 else Sent("PATCH", path, {"enabled": True})
        for number in range(SHARERS)
    ]
    answers = scene.at_once(requests, {200, 201})
    found = scene.do("GET", path)
    seen = {answer.body["access_token"] for answer in answers if answer.status in (200, 201)}
    replaced = [answer.body["access_token"] for answer in answers if answer.request.method == "POST"]
    scene.check(TWICE, len(set(replaced)) == len(replaced), "a token twice", path=path)
    scene.check(LOST, found["enabled"], "enabling", path=path, found=found)
    scene.check(LOST, found["access_token"] in replaced, "the last token is none that was answered", path=path)
    scene.check(LOST, scene.read(board["id"])["is_shared"], "is_shared", path=path)
    opened = scene.client.get(f"/shared/{found['access_token']}.json")
    shown = opened.status_code == 200 and opened.json()["accessToken"] == found["access_token"]
    scene.check(LOST, shown, "the active link", path=path, status=opened.status_code)
    closed = scene.do("PATCH", path, {"enabled": False})
    for each in {*seen, closed["access_token"]}:
        status = scene.client.get(f"/shared/{each}.json").status_code
        scene.check(TWICE, status == 404, "a link that outlives its end", path=path, status=status)


def creates(scene: Scene, token: str) -> None:
    """50 dashboards are made: 50 rows, and the list counts them."""
    before = scene.do("GET", "dashboards/?limit=1")["count"]
    names = [f"made {token}.{number}" for number in range(CREATES)]
    requests = [Sent("POST", "dashboards/", {"name": name, "tags": [f"made {token}"]}) for name in names]
    answers = scene.at_once(requests, {201})
    ids = {answer.body["id"] for answer in with_status(answers, 201)}
    scene.check(TWICE, len(ids) == len(with_status(answers, 201)), "an id twice", found=len(ids))
    count = scene.do("GET", "dashboards/?limit=1")["count"]
    rows = all_pages(scene.client, scene.path("dashboards/"), scene.report)
    mine = sorted(row["name"] for row in rows if row["id"] in ids)
    scene.check(LOST, mine == sorted(names), "rows that were made", wanted=len(names), found=len(mine))
    right = count == len(rows) == before + CREATES
    kind = LOST if len(rows) < before + CREATES else TWICE
    scene.check(kind, right, "the count of the list", before=before, count=count, walked=len(rows))


def idempotency(scene: Scene, token: str) -> None:
    """One create is sent 20 times with one key: one row, and who comes later learns of the same."""
    request = Sent("POST", "dashboards/", {"name": f"once {token}"}, {"Idempotency-Key": token})
    answers = scene.at_once([request] * REPEATS, {201, 409})
    bodies = [answer.body for answer in with_status(answers, 201)]
    firsts = [each for each in with_status(answers, 201) if "Idempotency-Replayed" not in each.headers]
    scene.check(TWICE, len(firsts) == 1, "acts with one key", key=token, found=len(firsts))
    for answer in with_status(answers, 409):
        right = answer.body["code"] == "idempotency_key_in_use" and "Retry-After" in answer.headers
        scene.check(WRONG, right, "a 409 for another reason", key=token, body=answer.body)
    again = scene.client.post(scene.path(request.path), json=request.body, headers=request.headers)
    same = again.status_code == 201 and all(body == again.json() for body in bodies)
    scene.check(WRONG, same, "a repeated answer that differs", key=token, status=again.status_code)
    rows = scene.do("GET", f"dashboards/?search=once%20{token}&search_match_type=exact")["results"]
    named = [row["id"] for row in rows if row["name"] == request.body["name"]]
    scene.check(LOST if not named else TWICE, len(named) == 1, "rows of one key", key=token, found=named)


def more_keys(scene: Scene, count: int) -> list[str]:
    """Values of `count` keys, as each has a window of its own: those of two people, at most ten of each."""
    found = [scene.target.keys["foreign member"], scene.target.keys["vault"]]
    for name in ("carol", "dave"):
        with contextlib.closing(scene.target.session(name)) as browser:
            while len(found) < count:
                body = {"label": "permits", "scopes": ["*"]}
                answer = browser.post("/api/personal_api_keys/", json=body)
                if answer.status_code == 400:
                    break
                found.append(sent(answer)["value"])
    return found[:count]


def permits(scene: Scene, key: str) -> int:
    """100 calls of a key that may make 60 in this minute: how many were allowed."""
    left = WINDOW - time.time() % WINDOW
    if left < SECONDS_OF_ROUND:
        time.sleep(left + 0.1)
    by = {"Authorization": f"Bearer {key}"}
    window = time.time() // WINDOW
    request = Sent("GET", "/api/users/@me/")
    answers = [each for _ in range(CALLS) for each in scene.at_once([request] * CALLERS, {200, 429}, by)]
    windows = int(time.time() // WINDOW - window) + 1
    allowed = len(with_status(answers, 200))
    scene.check(TWICE, allowed <= LIMIT * windows, "more permits than there are", allowed=allowed, windows=windows)
    scene.check(LOST, allowed >= LIMIT // 2, "permits that nobody could spend", allowed=allowed)
    for answer in with_status(answers, 429):
        wait: Any = answer.headers.get("Retry-After", "0")
        scene.check(WRONG, 1 <= int(wait) <= WINDOW, "a 429 without a time to wait", wait=wait)
    return allowed
