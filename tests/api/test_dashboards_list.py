"""GET /api/projects/:id/dashboards/"""

import pytest

from tests.builders import Person, make_dashboard

NAMES = ["b", "A", "ä", "Z", "ÜBER", "über", ""]


def list_names(person: Person, **query: object) -> list[str]:
    answer = person.api.get("dashboards/", **query)
    assert answer.status == 200, answer
    return [row["name"] for row in answer.json["results"]]


def test_row_has_every_field(alice: Person) -> None:
    board = make_dashboard(alice, "Numbers", description="weekly", pinned=True, tags=["growth", "ads"])
    page = alice.api.get("dashboards/").json
    assert (page["count"], page["next"], page["previous"]) == (1, None, None)
    [row] = page["results"]
    created_at = row.pop("created_at")
    assert created_at.endswith("Z")
    assert row.pop("created_by") == {
        "id": alice.user.pk,
        "uuid": str(alice.user.uuid),
        "distinct_id": alice.user.distinct_id,
        "first_name": "Alice",
        "last_name": "",
        "email": "alice@example.com",
        "is_email_verified": None,
        "hedgehog_config": None,
        "role_at_organization": None,
    }
    assert row == {
        "id": board.pk,
        "name": "Numbers",
        "description": "weekly",
        "folder": None,
        "pinned": True,
        "is_shared": False,
        "deleted": False,
        "creation_mode": "default",
        "tags": ["ads", "growth"],
        "restriction_level": 21,
        "effective_restriction_level": 21,
        "effective_privilege_level": 37,
        "user_access_level": "manager",
        "access_control_version": "v2",
        "last_accessed_at": None,
        "last_viewed_at": None,
        "last_refresh": None,
        "team_id": alice.membership.project_id,
        "search_match_type": None,
    }


def test_order_is_by_pinned_then_folded_name_then_id(alice: Person) -> None:
    for name in NAMES:
        make_dashboard(alice, name)
    make_dashboard(alice, "zz", pinned=True)
    assert list_names(alice) == ["zz", "", "A", "b", "Z", "ä", "ÜBER", "über"]


def test_list_has_only_live_dashboards_of_the_project(alice: Person, carol: Person) -> None:
    make_dashboard(alice, "live")
    make_dashboard(alice, "gone", deleted=True)
    make_dashboard(carol, "their live one", pinned=True, tags=["live"])
    assert list_names(alice) == ["live"]
    assert list_names(alice, search="live") == ["live"]
    assert list_names(alice, tags="live") == list_names(alice, pinned="true") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("UBER", []),
        ("über", ["ÜBER", "über"]),
        ("ÜBER", ["ÜBER", "über"]),
        ("u\u0308ber", ["ÜBER", "über"]),
        ("Z", ["Z"]),
        ("%", []),
        ("_", []),
        ("'; drop table--", []),
        ("", ["", "A", "b", "Z", "ä", "ÜBER", "über"]),
    ],
)
def test_search_folds_case_and_composition_and_is_literal(alice: Person, search: str, found: list[str]) -> None:
    for name in NAMES:
        make_dashboard(alice, name)
    assert list_names(alice, search=search) == found


def test_search_covers_description_and_tags(alice: Person) -> None:
    make_dashboard(alice, "one", description="about Needles")
    make_dashboard(alice, "two", tags=["needle"])
    make_dashboard(alice, "three")
    assert list_names(alice, search="NEEDLE") == ["one", "two"]
    dashboard_id = alice.api.get("dashboards/", search="needles").json["results"][0]["id"]
    alice.api.patch(f"dashboards/{dashboard_id}/", {"description": "", "tags": ["hay"]})
    assert list_names(alice, search="needle") == ["two"]
    assert list_names(alice, search="hay") == ["one"]


def test_search_is_limited_to_200_characters(alice: Person) -> None:
    assert list_names(alice, search="x" * 200) == []
    assert alice.api.get("dashboards/", search="x" * 201).error == (400, "validation_error", "max_length", "search")


def test_pinned_filter(alice: Person) -> None:
    make_dashboard(alice, "pinned", pinned=True)
    make_dashboard(alice, "plain")
    assert list_names(alice, pinned="true") == ["pinned"]
    assert list_names(alice, pinned="false") == ["plain"]
    assert list_names(alice, pinned="") == ["pinned", "plain"]
    assert alice.api.get("dashboards/", pinned="maybe").error == (400, "validation_error", "invalid_input", "pinned")


def test_pages_are_contiguous(alice: Person) -> None:
    for number in range(5):
        make_dashboard(alice, f"same name {number % 2}")
    seen, url = [], "/api/projects/@current/dashboards/?limit=2&basic=true"
    while url:
        page = alice.api.get(url).json
        assert page["count"] == 5
        seen += [row["id"] for row in page["results"]]
        url = page["next"] and page["next"].removeprefix("http://testserver")
    assert len(seen) == len(set(seen)) == 5
    last = alice.api.get("dashboards/?limit=2&offset=4&basic=true").json
    assert last["previous"].endswith("/dashboards/?limit=2&offset=2&basic=true") or "offset=2" in last["previous"]


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "", "1.5", "1e3", str(2**63), "9" * 50, "٣"])
def test_invalid_limit_is_the_default(alice: Person, limit: str) -> None:
    for number in range(3):
        make_dashboard(alice, str(number))
    page = alice.api.get("dashboards/", limit=limit).json
    assert (len(page["results"]), page["next"]) == (3, None)


@pytest.mark.parametrize("offset", ["-5", "abc", "", "1.5", str(2**63), "9" * 50])
def test_invalid_offset_is_zero(alice: Person, offset: str) -> None:
    make_dashboard(alice)
    page = alice.api.get("dashboards/", offset=offset).json
    assert (len(page["results"]), page["previous"]) == (1, None)


def test_offset_beyond_the_end_is_an_empty_page(alice: Person) -> None:
    make_dashboard(alice)
    page = alice.api.get("dashboards/", offset=2**63 - 1).json
    assert (page["count"], page["results"], page["next"]) == (1, [], None)
    assert "offset" in page["previous"]


def test_limit_is_at_most_1000(alice: Person) -> None:
    page = alice.api.get("dashboards/", limit=5000, offset=1).json
    assert "limit=1000" in page["previous"]


def test_links_use_the_public_url_and_repeat_no_parameter(alice: Person, settings: object) -> None:
    make_dashboard(alice)
    make_dashboard(alice)
    settings.PUBLIC_URL = "https://dashboards.example.com"  # type: ignore[attr-defined]  # the fixture's type is too wide
    page = alice.api.get("dashboards/", limit=1, personal_api_key="phx_secret", search="board").json
    assert page["next"] == (
        f"https://dashboards.example.com/api/projects/{alice.membership.project_id}/dashboards/"
        "?limit=1&search=board&offset=1"
    )


def test_null_character_in_the_query_is_refused(alice: Person) -> None:
    answer = alice.api.get("dashboards/", search="a\x00b")
    assert answer.error == (400, "validation_error", "null_characters_not_allowed", "search")


def test_environments_prefix_is_an_alias(alice: Person) -> None:
    board = make_dashboard(alice)
    page = alice.api.get(f"/api/environments/{alice.membership.project_id}/dashboards/").json
    assert [row["id"] for row in page["results"]] == [board.pk]
