"""The events of the demo project: visits, sign-ups and orders of a shop. The events of a day are deterministic."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

DAYS = 90
NEW_VISITORS_PER_DAY = 24
SESSIONS_PER_DAY = 150
# The share of sessions on each day of the week, from Monday.
WEEKLY_RHYTHM = (1.0, 1.05, 1.1, 1.05, 0.95, 0.6, 0.55)
# The number of days during which a visitor may return.
DAYS_OF_INTEREST = 45

# Countries by their code: name, language of the browser, and weight.
COUNTRIES = {
    "DE": ("Germany", "de-DE", 28),
    "NL": ("Netherlands", "nl-NL", 22),
    "FR": ("France", "fr-FR", 18),
    "US": ("United States", "en-US", 16),
    "PL": ("Poland", "pl-PL", 9),
    "ES": ("Spain", "es-ES", 7),
}
BROWSERS = {"Chrome": 58, "Safari": 22, "Firefox": 13, "Edge": 7}
SYSTEMS = {"Windows": 38, "macOS": 22, "Android": 21, "iOS": 15, "Linux": 4}
MOBILE_SYSTEMS = ("Android", "iOS")
MOBILE_HEIGHTS = {844: 3, 915: 4, 740: 2}
DESKTOP_HEIGHTS = {1080: 5, 900: 3, 1440: 2}
REFERRERS = {
    "$direct": 38,
    "google.com": 30,
    "newsletter.example": 10,
    "github.com": 7,
    "duckduckgo.com": 6,
    "facebook.com": 4,
    "twitter.com": 3,
    "reddit.com": 2,
}
# The share of sessions with an advertisement, and the advertisements by source, campaign and content.
ADVERTISED = 0.15
ADVERTISEMENTS = {
    ("google", "lamps", "warm light"): 5,
    ("google", "chairs", "oak"): 3,
    ("newsletter", "autumn", "first button"): 4,
    ("facebook", "lamps", "photo"): 2,
}
KNOWN_BY_EMAIL = 0.45
PAGES = {"/": 30, "/products": 26, "/products/lamp": 14, "/products/chair": 12, "/blog": 10, "/pricing": 8}
PAYMENT_METHODS = {"card": 55, "paypal": 30, "invoice": 15}
HOURS = {hour: 1 + 6 * (7 <= hour <= 22) + 5 * (17 <= hour <= 21) for hour in range(24)}
# The steps of an order, each with its conditional probability after the previous step.
ORDER_STEPS = (("cart_viewed", 0.3), ("checkout_started", 0.62), ("payment_entered", 0.74), ("order_paid", 0.86))
SIGN_UP_PROBABILITY = 0.55
RAGE_CLICK_PROBABILITY = 0.02

Event = dict[str, Any]


class Visitor(NamedTuple):
    """A person. `properties` are part of all events of the person. `person_properties` describe the person."""

    distinct_id: str
    properties: dict[str, Any]
    person_properties: dict[str, Any]


def write_events(first: date, now: datetime) -> Iterator[bytes]:
    """Yield the events from a day until now, as lines of JSON."""
    for offset in range((now.date() - first).days + 1):
        day = first + timedelta(days=offset)
        for event in generate_day(day):
            if event["timestamp"] <= now:
                yield orjson.dumps(event) + b"\n"


def generate_day(day: date) -> Iterator[Event]:
    """Yield the events of a day."""
    chance = random.Random(f"day {day.toordinal()}")  # noqa: S311  deterministic, and not for secrets
    arriving = [build_visitor(day, index) for index in range(NEW_VISITORS_PER_DAY)]
    # A wave of eleven weeks, so that charts are not flat.
    season = 1 + 0.18 * abs((day.toordinal() % 77) - 38) / 38
    count = round(SESSIONS_PER_DAY * WEEKLY_RHYTHM[day.weekday()] * season * chance.uniform(0.93, 1.07))
    for index in range(count):
        is_new = index < len(arriving)
        visitor = arriving[index] if is_new else pick_returning_visitor(day, chance)
        yield from generate_session(day, visitor, chance, is_new=is_new)


def build_visitor(day: date, index: int) -> Visitor:
    """Return one of the first-time visitors of a day."""
    chance = random.Random(f"visitor {day.toordinal()} {index}")  # noqa: S311  as above
    system, code = pick(SYSTEMS, chance), pick({code: weight for code, (*_, weight) in COUNTRIES.items()}, chance)
    country, language, _ = COUNTRIES[code]
    is_mobile = system in MOBILE_SYSTEMS
    distinct_id = f"visitor-{day:%Y%m%d}-{index + 1}"
    properties = {
        "$browser": pick(BROWSERS, chance),
        "$os": system,
        "$device_type": "Mobile" if is_mobile else "Desktop",
        "$screen_height": pick(MOBILE_HEIGHTS if is_mobile else DESKTOP_HEIGHTS, chance),
        "$browser_language": language,
        "$geoip_country_name": country,
        "$geoip_country_code": code,
        "$referring_domain": pick(REFERRERS, chance),
    }
    person = {"$geoip_country_code": code, "$initial_referring_domain": properties["$referring_domain"]}
    if chance.random() < ADVERTISED:
        person["$initial_utm_source"] = pick(ADVERTISEMENTS, chance)[0]
    if chance.random() < KNOWN_BY_EMAIL:
        person["email"] = f"{distinct_id}@shop.example"
    return Visitor(distinct_id, properties, person)


def pick_returning_visitor(day: date, chance: random.Random) -> Visitor:
    """Return a visitor of an earlier day. Recent days are more likely."""
    age = 1 + int(DAYS_OF_INTEREST * chance.random() ** 3)
    return build_visitor(day - timedelta(days=age), chance.randrange(NEW_VISITORS_PER_DAY))


def generate_session(day: date, visitor: Visitor, chance: random.Random, *, is_new: bool) -> Iterator[Event]:
    """Yield the events of one visit: pages, and possibly a sign-up and an order."""
    start = time(pick(HOURS, chance), chance.randrange(60), chance.randrange(60))
    moment = datetime.combine(day, start, UTC)
    session = {**visitor.properties, "$session_id": make_uuid(chance), **pick_advertisement(chance)}
    for name, properties in generate_steps(chance, is_new=is_new):
        yield {
            "uuid": make_uuid(chance),
            "event": name,
            "distinct_id": visitor.distinct_id,
            "timestamp": moment,
            "properties": session | properties,
            "person_properties": visitor.person_properties,
        }
        moment += timedelta(seconds=chance.randint(5, 90))


def pick_advertisement(chance: random.Random) -> dict[str, str]:
    """Return the properties of the advertisement that led to a session. Most sessions have no advertisement."""
    if chance.random() > ADVERTISED:
        return {}
    source, campaign, content = pick(ADVERTISEMENTS, chance)
    return {"utm_source": source, "utm_campaign": campaign, "utm_content": content}


def generate_steps(chance: random.Random, *, is_new: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the additional properties of each event of a session."""
    for _ in range(chance.randint(2, 6)):
        path = pick(PAGES, chance)
        page = {"$pathname": path, "$current_url": f"https://shop.example{path}"}
        yield "$pageview", page
        if chance.random() < RAGE_CLICK_PROBABILITY:
            yield "$rageclick", page
    if is_new and chance.random() < SIGN_UP_PROBABILITY:
        yield "signed_up", {"plan": "team" if chance.random() < 0.3 else "free"}
    amount = round(chance.lognormvariate(3.6, 0.6), 2)
    for name, probability in ORDER_STEPS:
        if chance.random() > probability:
            return
        payment = {"amount": amount, "currency": "EUR", "payment_method": pick(PAYMENT_METHODS, chance)}
        yield name, payment if name == "order_paid" else {}


def pick(weights: dict[Any, int], chance: random.Random) -> Any:
    """Return a random key with a probability proportional to its weight."""
    return chance.choices(list(weights), list(weights.values()))[0]


def make_uuid(chance: random.Random) -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))
