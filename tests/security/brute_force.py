"""Brute force: keys are guessed in parallel with the default limits, and the times of refusals are compared.

Response times must not reveal the number of correct characters of a key, whether an id belongs to another project, or
whether an account with an e-mail address exists. A fault is a difference of the medians of more than a tenth, with
p < 0.001, in two of three repetitions.
"""

import json
import random
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.security.accounts import USERS, get_email
from tests.security.concurrent_clients import ClientRequest, ClientResponse, send
from tests.security.project_content import fill_project
from tests.security.report import Outcome, Report
from tests.security.service import Target, run_service
from tests.security.timing import Comparison, Request, compare
from users.models.personal_api_key import ALPHABET, PREFIX, RANDOM_BITS, encode_base62

ATTEMPTS = 20_000
TIMINGS = 2_000
REPETITIONS = 3
CONCURRENCY = 16
VALID_EVERY = 100
SECONDS_AT_MOST = 5
LIMITS = "6000/minute"
ME = "/api/users/@me/"
BOARDS = 15
MISSING = range(90, 96)
# Few, because checking a password is deliberately slow.
SIGN_INS = 12


class Attempt(NamedTuple):
    value: str
    is_right: bool


class IndistinguishableRequests(NamedTuple):
    """Two kinds of requests that must be refused in the same way, and the number of timed requests of each."""

    what: str
    status: int
    first: Callable[[], Request]
    second: Callable[[], Request]
    each: int = TIMINGS


def run(engine: str, report: Report, seed: int) -> Outcome:
    chance = random.Random(seed)
    with run_service(engine, RATE_LIMITS=LIMITS) as target:
        figures = [guess_keys(target, report, chance)]
    with run_service(engine) as target:
        for kinds in (
            build_key_requests(target, chance),
            build_id_requests(target, chance),
            build_sign_in_requests(chance),
        ):
            figures.append(compare_repeatedly(target, report, kinds, seed))
    return report.outcome("; ".join(figures))


def guess_keys(target: Target, report: Report, chance: random.Random) -> str:
    """Send invalid and valid keys in turn. Invalid keys must be refused, and valid keys must be accepted."""
    real = target.keys["admin"]
    guesses = [
        Attempt(make_similar_key(real, chance) if number % 10 == 0 else make_random_key(chance), False)
        for number in range(ATTEMPTS)
    ]
    for number in range(0, ATTEMPTS, VALID_EVERY):
        guesses.insert(number + number // VALID_EVERY, Attempt(real, True))
    parts = [guesses[number::CONCURRENCY] for number in range(CONCURRENCY)]
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        answers = [pair for found in pool.map(lambda part: try_keys(target, part), parts) for pair in found]
    for key, answer in answers:
        check_attempt(key, answer, report)
    times: dict[int, list[float]] = {200: [], 401: [], 429: []}
    for _, answer in answers:
        times.get(answer.status, []).append(answer.seconds * 1000)
    for status, found in times.items():
        if found:
            slowest = {"median": round(statistics.median(found), 1), "longest": round(max(found), 1)}
            report.note("milliseconds", status=status, times=len(found), **slowest)
    refused = len(times[401]) + len(times[429])
    return f"{refused:,} wrong keys refused ({len(times[401]):,} with 401), {len(times[200])} right ones served between"


def try_keys(target: Target, guesses: list[Attempt]) -> list[tuple[Attempt, ClientResponse]]:
    with target.client(None) as client:
        return [
            (each, send(client, ClientRequest("GET", ME, None, build_bearer_header(each.value)))) for each in guesses
        ]


def check_attempt(key: Attempt, answer: ClientResponse, report: Report) -> None:
    """Check that valid keys are accepted, and that invalid keys are refused with 401, or with 429 and `Retry-After`."""
    right = answer.status == 200 if key.is_right else answer.status in (401, 429)
    if answer.status == 429:
        right = right and int(answer.headers.get("Retry-After", 0)) >= 1
    if answer.status in (401, 429):
        right = right and set(answer.body) == {"type", "code", "detail", "attr"}
    if not right or answer.seconds > SECONDS_AT_MOST:
        value = "the right one" if key.is_right else key.value
        report.fault("an answer to a key", key=value, status=answer.status, body=answer.body, seconds=answer.seconds)


def compare_repeatedly(target: Target, report: Report, kinds: IndistinguishableRequests, seed: int) -> str:
    """Compare response times in three repetitions, and describe the largest difference of the medians."""
    found: list[Comparison] = []
    for number in range(REPETITIONS):
        timed = compare(target.base, (kinds.first, kinds.second), kinds.each, f"{seed} {kinds.what} {number}")
        found.append(timed.comparison)
        report.note(kinds.what, each=kinds.each, **timed.comparison._asdict(), difference=timed.comparison.difference)
        answers = timed.answers[0] | timed.answers[1]
        if len(answers) != 1 or {status for status, _ in answers} != {kinds.status}:
            report.fault(f"{kinds.what} are answered differently", answers=timed.answers)
    if sum(each.is_distinguishable for each in found) > REPETITIONS // 2:
        report.fault(f"{kinds.what} can be distinguished by time", found=found)
    largest = max(found, key=lambda comparison: comparison.difference)
    apart = f"{largest.difference:,.0f} µs of {largest.first:,.0f} (p = {largest.p:.2g})"
    return f"{kinds.what}: medians differ by at most {apart}"


def build_key_requests(target: Target, chance: random.Random) -> IndistinguishableRequests:
    real = target.keys["admin"]
    return IndistinguishableRequests(
        "unknown and nearly right keys",
        401,
        lambda: Request(ME, build_bearer_header(make_random_key(chance))),
        lambda: Request(ME, build_bearer_header(make_similar_key(real, chance))),
    )


def build_id_requests(target: Target, chance: random.Random) -> IndistinguishableRequests:
    """Return requests for dashboards of another project, and for missing ids with the same number of digits."""
    foreign = [each for each in fill_project(target, "Away", "foreign member", BOARDS)["dashboards"] if len(each) == 2]
    missing = [str(number) for number in MISSING]
    headers = build_bearer_header(target.keys["admin"])

    def of(ids: list[str]) -> Request:
        return Request(target.home(f"dashboards/{chance.choice(ids)}/"), headers)

    return IndistinguishableRequests("foreign and missing ids", 404, lambda: of(foreign), lambda: of(missing))


def build_sign_in_requests(chance: random.Random) -> IndistinguishableRequests:
    """Return sign-ins with wrong passwords for existing and unknown accounts.

    Each kind uses several accounts, since the attempts for each account are limited.
    """
    strangers = [f"not-{name}" for name in USERS]

    def of(names: Sequence[str]) -> Request:
        body = json.dumps({"email": get_email(chance.choice(names)), "password": f"wrong {chance.getrandbits(64)}"})
        return Request("/api/login/", {"Content-Type": "application/json"}, "POST", body)

    return IndistinguishableRequests(
        "sign-ins of members and strangers", 400, lambda: of(USERS), lambda: of(strangers), SIGN_INS
    )


def build_bearer_header(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


def make_random_key(chance: random.Random) -> str:
    return PREFIX + encode_base62(chance.getrandbits(RANDOM_BITS))


def make_similar_key(real: str, chance: random.Random) -> str:
    """Return a key that differs from a valid key in one of the last six characters."""
    place = len(real) - chance.randint(1, 6)
    other = chance.choice([each for each in ALPHABET if each != real[place]])
    return real[:place] + other + real[place + 1 :]
