"""`folder` of dashboards and insights, `_create_in_folder`, and lists of one folder."""

from typing import Any

import pytest

from dashboards.models import Activity, Dashboard, Insight
from tests.builders import QUERY, Person, make_dashboard, make_insight
from tests.client import Answer

STRICT = {"Prefer": "handling=strict"}
BAD: list[tuple[Any, str]] = [
    (5, "invalid_input"),
    (["a"], "invalid_input"),
    ("a\tb", "invalid_input"),
    ("a\u2028b", "invalid_input"),
    ("a" * 401, "max_length"),
    ("/".join("a" * 21), "max_length"),
]


def make_named_insight(person: Person, name: str, **content: Any) -> Insight:
    return make_insight(person, name=name, **content)


def list_names(person: Person, kind: str, **query: Any) -> list[str]:
    answer = person.api.get(f"{kind}/", **query)
    assert answer.status == 200, answer
    assert answer.json["count"] == len(answer.json["results"])
    return [row["name"] for row in answer.json["results"]]


def get_folders(answer: Answer) -> tuple[Any, ...]:
    assert answer.status in (200, 201), answer
    return answer.json["folder"], answer.json["_create_in_folder"], answer.headers.get("Ignored-Fields")


def test_dashboard_is_created_in_a_folder(alice: Person) -> None:
    answer = alice.api.post("dashboards/", {"name": "a", "_create_in_folder": "Unfiled/Dashboards"}, headers=STRICT)
    assert (answer.status, answer.json["folder"]) == (201, "Unfiled/Dashboards")
    assert "_create_in_folder" not in answer.json
    assert Dashboard.objects.get().folder == "Unfiled/Dashboards"
    path = f"dashboards/{answer.json['id']}/"
    assert alice.api.get(path).json["folder"] == "Unfiled/Dashboards"
    assert [row["folder"] for row in alice.api.get("dashboards/").json["results"]] == ["Unfiled/Dashboards"]
    assert alice.api.patch(path, {"folder": " Marketing / Web /"}).json["folder"] == "Marketing/Web"
    assert Dashboard.objects.get().folder == "Marketing/Web"
    for none in ("", "/", None):
        alice.api.patch(path, {"folder": "x"})
        assert alice.api.patch(path, {"folder": none}).json["folder"] is None
        assert Dashboard.objects.get().folder is None


def test_folder_takes_precedence_over_create_in_folder(alice: Person) -> None:
    same = alice.api.post("dashboards/", {"folder": "a", "_create_in_folder": "/a/"}, headers=STRICT)
    assert (same.status, same.json["folder"]) == (201, "a")
    other = {"folder": "a", "_create_in_folder": "b"}
    refused = alice.api.post("dashboards/", other, headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "_create_in_folder")
    named = alice.api.post("dashboards/", other)
    assert (named.json["folder"], named.headers["Ignored-Fields"]) == ("a", "_create_in_folder")


def test_create_only_fields_in_an_update_are_reported(alice: Person) -> None:
    board = make_dashboard(alice, folder="a")
    answer = alice.api.patch(f"dashboards/{board.pk}/", {"name": "b", "_create_in_folder": "c"})
    assert (answer.json["folder"], answer.headers["Ignored-Fields"]) == ("a", "_create_in_folder")
    refused = alice.api.patch(f"dashboards/{board.pk}/", {"_create_in_folder": "c"}, headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "_create_in_folder")


@pytest.mark.parametrize("path", ["dashboards/", "insights/"])
@pytest.mark.parametrize("key", ["folder", "_create_in_folder"])
@pytest.mark.parametrize(("value", "code"), BAD)
def test_invalid_folder_is_400_at_its_path(alice: Person, path: str, key: str, value: Any, code: str) -> None:
    answer = alice.api.post(path, {key: value})
    assert answer.error == (400, "validation_error", code, key)
    assert (Dashboard.objects.count(), Insight.objects.count()) == (0, 0)


def test_valid_folders_are_stored(alice: Person) -> None:
    longest, deepest = "ü" * 400, "/".join("a" * 20)
    for folder in (longest, deepest, r"a\/b/c", "👩‍🚀", ".."):
        answer = alice.api.post("dashboards/", {"folder": folder}, headers=STRICT)
        assert answer.json["folder"] == folder
        assert list_names(alice, "dashboards", folder=folder) == [""]


def test_insight_returns_its_creation_folder_as_sent(alice: Person) -> None:
    sent = {"name": "a", "query": QUERY, "_create_in_folder": "Unfiled/Insights/"}
    created = alice.api.post("insights/", sent, headers=STRICT)
    assert get_folders(created) == ("Unfiled/Insights", "Unfiled/Insights/", None)
    path = f"insights/{created.json['id']}/"
    assert get_folders(alice.api.get(path)) == ("Unfiled/Insights", "Unfiled/Insights/", None)
    [row] = alice.api.get("insights/").json["results"]
    assert (row["folder"], row["_create_in_folder"]) == ("Unfiled/Insights", "Unfiled/Insights/")
    # An insight that a user moved stays in its folder when Terraform sends the same configuration again.
    assert get_folders(alice.api.patch(path, {"folder": "Team"})) == ("Team", "Unfiled/Insights/", None)
    again = alice.api.patch(path, {"name": "b", "_create_in_folder": "Unfiled/Insights/"}, headers=STRICT)
    assert get_folders(again) == ("Team", "Unfiled/Insights/", None)
    # A changed configuration moves the insight.
    assert get_folders(alice.api.patch(path, {"_create_in_folder": "B"}, headers=STRICT)) == ("B", "B", None)
    stored = Insight.objects.get()
    assert (stored.folder, stored.create_in_folder) == ("B", "B")
    # A response can be sent back.
    alice.api.patch(path, {"folder": "C"})
    read = alice.api.get(path)
    back = alice.api.patch(path, read.json, headers=STRICT)
    assert (back.text, "Ignored-Fields" in back.headers) == (read.text, False)


def test_folder_is_null_by_default(alice: Person) -> None:
    assert get_folders(alice.api.post("insights/", {"name": "a"})) == (None, None, None)
    assert get_folders(alice.api.post("insights/", {"_create_in_folder": ""}, headers=STRICT)) == (None, None, None)
    assert get_folders(alice.api.post("insights/", {"_create_in_folder": None}, headers=STRICT)) == (None, None, None)


@pytest.mark.parametrize("kind", ["dashboards", "insights"])
def test_lists_can_be_filtered_by_folder_and_subfolders(alice: Person, carol: Person, kind: str) -> None:
    make: dict[str, Any] = {"dashboards": make_dashboard, "insights": make_named_insight}
    for folder in ("Team", "Team/Web", "Team/Web/Old", "Team 2", "team", "Team/web", "Team0", None):
        make[kind](alice, str(folder), folder=folder)
    make[kind](carol, "other project", folder="Team")
    assert set(list_names(alice, kind, folder="Team")) == {"Team", "Team/Web", "Team/Web/Old", "Team/web"}
    assert set(list_names(alice, kind, folder="/Team/Web/")) == {"Team/Web", "Team/Web/Old"}
    assert list_names(alice, kind, folder="Team/Web/Old") == ["Team/Web/Old"]
    assert list_names(alice, kind, folder="Te") == []
    assert list_names(alice, kind, folder="Team%") == []
    assert len(list_names(alice, kind, folder="")) == 8
    assert list_names(alice, kind, folder="Team", search="old") == ["Team/Web/Old"]
    bad = alice.api.get(f"{kind}/", folder="a" * 401)
    assert bad.error == (400, "validation_error", "max_length", "folder")


def test_copies_are_in_the_folder_of_their_source(alice: Person) -> None:
    board = make_dashboard(alice, folder="Team/Web")
    make_insight(alice, board, folder="Team/Insights")
    copied = alice.api.post("dashboards/", {"use_dashboard": board.pk, "duplicate_tiles": True}).json
    assert copied["folder"] == "Team/Web"
    assert copied["tiles"][0]["insight"]["folder"] == "Team/Insights"
    assert copied["tiles"][0]["insight"]["_create_in_folder"] is None
    moved = alice.api.post("dashboards/", {"use_dashboard": board.pk, "_create_in_folder": "Other"}).json
    assert moved["folder"] == "Other"
    nowhere = alice.api.post("dashboards/", {"use_dashboard": board.pk, "folder": None}).json
    assert nowhere["folder"] is None


def test_folders_are_exported(alice: Person) -> None:
    board = make_dashboard(alice, folder="Team/Web")
    make_insight(alice, board, folder="Team/Insights")
    document = alice.api.get(f"dashboards/{board.pk}/export/").json
    assert (document["folder"], document["tiles"][0]["folder"]) == ("Team/Web", "Team/Insights")
    created = alice.api.post("dashboards/create_from_template_json/", {"template": document}, headers=STRICT).json
    assert (created["folder"], created["tiles"][0]["insight"]["folder"]) == ("Team/Web", "Team/Insights")
    body = {"template": document, "_create_in_folder": "Other/"}
    elsewhere = alice.api.post("dashboards/create_from_template_json/", body, headers=STRICT)
    assert (elsewhere.json["folder"], "Ignored-Fields" in elsewhere.headers) == ("Other", False)
    document["tiles"][0]["folder"] = "a" * 401
    bad = alice.api.post("dashboards/create_from_template_json/", {"template": document})
    assert bad.error == (400, "validation_error", "invalid_input", "template__tiles__0__folder")


def test_template_can_be_used_in_a_folder(alice: Person) -> None:
    created = alice.api.post("dashboards/", {"use_template": "WEBSITE_TRAFFIC", "_create_in_folder": "Web"}).json
    assert (created["folder"], created["creation_mode"]) == ("Web", "template")


def test_folder_change_is_recorded_and_undone(alice: Person) -> None:
    board = make_dashboard(alice, "b", folder="Team")
    path = f"dashboards/{board.pk}/"
    alice.api.patch(path, {"folder": "Other"})
    act = alice.api.get(f"{path}activity/").json["results"][0]
    [change] = act["detail"]["changes"]
    assert (change["field"], change["before"], change["after"]) == ("folder", "Team", "Other")
    first = alice.api.get(f"{path}versions/").json["results"][-1]["version"]
    assert alice.api.post(f"{path}versions/{first}/restore/").json["folder"] == "Team"
    assert Dashboard.objects.get().folder == "Team"


def test_version_from_before_folders_has_none(alice: Person) -> None:
    """Snapshots of earlier releases have no `folder`. The diff to a later snapshot does not contain this field."""
    board = make_dashboard(alice, "b")
    path = f"dashboards/{board.pk}/"
    for act in Activity.objects.exclude(state=None):
        act.state.pop("folder")
        act.save()
    alice.api.patch(path, {"name": "c"})
    [change] = alice.api.get(f"{path}activity/").json["results"][0]["detail"]["changes"]
    assert change["field"] == "name"
    alice.api.patch(path, {"folder": "Team"})
    first = alice.api.get(f"{path}versions/").json["results"][-1]["version"]
    restored = alice.api.post(f"{path}versions/{first}/restore/").json
    assert (restored["name"], restored["folder"]) == ("b", None)


def test_folder_change_of_an_insight_is_recorded_without_modification(alice: Person, bob: Person) -> None:
    insight = make_insight(alice)
    answer = bob.api.patch(f"insights/{insight.pk}/", {"folder": "Team"})
    assert (answer.json["folder"], answer.json["last_modified_by"]) == ("Team", None)
    [act] = alice.api.get("activity_log/", scope="Insight", item_id=insight.pk).json["results"][:1]
    assert [(each["field"], each["before"], each["after"]) for each in act["detail"]["changes"]] == [
        ("folder", None, "Team")
    ]


def test_shared_dashboard_has_no_folder(alice: Person) -> None:
    board = make_dashboard(alice, folder="Secret plans")
    make_insight(alice, board, folder="Secret plans", create_in_folder="Secret plans")
    token = alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True}).json["access_token"]
    for path in (f"/shared/{token}.json", f"/shared/{token}"):
        page = alice.api.client.get(path)
        assert page.status_code == 200
        assert "Secret plans" not in page.content.decode()


@pytest.mark.parametrize("path", ["dashboards/", "insights/"])
def test_creation_context_is_reported_as_ignored(alice: Person, path: str) -> None:
    answer = alice.api.post(path, {"name": "a", "creation_context": "onboarding"})
    assert (answer.status, answer.headers["Ignored-Fields"]) == (201, "creation_context")
    refused = alice.api.post(path, {"creation_context": "onboarding"}, headers=STRICT)
    assert refused.error == (400, "validation_error", "unknown_field", "creation_context")


def test_forms_accept_folders(alice: Person) -> None:
    answer = alice.api.send_form("POST", "insights/", {"name": "a", "_create_in_folder": "Unfiled/Insights"})
    assert (answer.json["folder"], answer.json["_create_in_folder"]) == ("Unfiled/Insights", "Unfiled/Insights")
    moved = alice.api.send_form("PATCH", f"insights/{answer.json['id']}/", {"folder": ""})
    assert (moved.json["folder"], Insight.objects.get().folder) == (None, None)
