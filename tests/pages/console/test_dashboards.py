"""The pages of dashboards, and the actions that each user may perform there."""

import re
from typing import Any

import pytest
from django.test import Client

from dashboards.models import Dashboard, SharingConfiguration, Tile
from tests.builders import Person, make_dashboard, make_text_tile
from tests.pages.browsing import get_csrf_token, get_dashboard_path, get_form_version, get_text


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, "Weekly", description="for Monday", tags=["growth"])


def post_form(client: Client, path: str, **fields: Any) -> Any:
    return client.post(path, {"csrfmiddlewaretoken": get_csrf_token(client.get(path)), **fields})


def test_dashboard_is_created(alice: Person, browser: Client) -> None:
    response = post_form(browser, f"/projects/{alice.membership.project_id}/dashboards", name="  New <b>")
    created = Dashboard.objects.get()
    assert (response.status_code, response["Location"]) == (303, get_dashboard_path(created))
    assert (created.name, created.created_by) == ("  New <b>", alice.user)
    assert "<h1>  New &lt;b&gt;</h1>" in get_text(browser.get(get_dashboard_path(created)))


def test_dashboard_is_edited_by_the_rules_of_the_api(browser: Client, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    edit = {"action": "edit", "name": "Monthly", "description": "a\r\nb", "tags": " Sales, growth ,,", "pinned": "on"}
    assert post_form(browser, path, **edit)["Location"] == path
    board.refresh_from_db()
    assert (board.name, board.description, board.pinned) == ("Monthly", "a\nb", True)
    assert sorted(board.tag_links.values_list("tag__name", flat=True)) == ["growth", "sales"]
    assert post_form(browser, path, action="edit", name="x" * 401).status_code == 400
    assert "no more than 400" in get_text(post_form(browser, path, action="edit", name="x" * 401))
    assert post_form(browser, path, action="edit", name="a", tags="x" * 256).status_code == 400
    assert post_form(browser, path, action="other").status_code == 400
    board.refresh_from_db()
    assert board.name == "Monthly"
    post_form(browser, path, action="edit", name="")
    board.refresh_from_db()
    assert (board.name, board.pinned, board.tag_links.count()) == ("", False, 0)


def test_outdated_form_overwrites_nothing(alice: Person, browser: Client, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    version = get_form_version(browser.get(path))
    alice.api.patch(f"dashboards/{board.pk}/", {"description": "for Tuesday"})
    mine = {"action": "edit", "name": "Mine <b>", "description": "for Friday", "tags": "a, b"}
    refused = post_form(browser, path, **mine, version=version)
    text = get_text(refused)
    assert refused.status_code == 409
    assert "This dashboard has changed since you opened it." in text
    assert '<p class="lead">for Tuesday</p>' in text
    assert 'value="Mine &lt;b&gt;"' in text
    assert "for Friday</textarea>" in text
    board.refresh_from_db()
    assert (board.name, board.description) == ("Weekly", "for Tuesday")
    assert post_form(browser, path, **mine, version=get_form_version(refused)).status_code == 303
    board.refresh_from_db()
    assert (board.name, board.description) == ("Mine <b>", "for Friday")


def test_dashboard_is_deleted_and_restored(browser: Client, alice: Person, board: Dashboard) -> None:
    make_text_tile(alice, board)
    path, listed = get_dashboard_path(board), f"/projects/{board.project_id}/dashboards"
    assert post_form(browser, path, action="delete")["Location"] == listed
    assert browser.get(path).status_code == 404
    assert "Weekly" not in get_text(browser.get(listed))
    trash = browser.get(f"{listed}?trash=true")
    assert "<b>Weekly</b>" in get_text(trash)
    restored = browser.post(listed, {"csrfmiddlewaretoken": get_csrf_token(trash), "restore": board.pk})
    assert (restored.status_code, restored["Location"]) == (303, path)
    assert Tile.objects.get().deleted is False
    assert "The trash is empty." in get_text(browser.get(f"{listed}?trash=true"))


def test_dashboard_is_duplicated_with_its_tiles(browser: Client, alice: Person, board: Dashboard) -> None:
    make_text_tile(alice, board, "hello")
    response = post_form(browser, get_dashboard_path(board), action="duplicate", name="Weekly (Copy)")
    copy = Dashboard.objects.exclude(pk=board.pk).get()
    assert response["Location"] == get_dashboard_path(copy)
    assert (copy.name, copy.use_dashboard) == ("Weekly (Copy)", board.pk)
    texts = [(tile.text_id, tile.text.body) for tile in Tile.objects.select_related("text") if tile.text]
    assert [body for _, body in texts] == ["hello", "hello"]
    assert len(dict(texts)) == 2


def test_share_link_is_enabled_replaced_and_disabled(browser: Client, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    assert "Only members of Home" in get_text(browser.get(path))

    def link() -> str:
        found = re.search(r'value="http://testserver(/shared/[\w-]+)"', get_text(browser.get(path)))
        assert found is not None
        return found[1]

    post_form(browser, path, action="enable")
    first = link()
    assert "Weekly" in get_text(Client().get(first))
    post_form(browser, path, action="refresh")
    assert link() != first
    assert Client().get(link()).status_code == 200
    last = link()
    post_form(browser, path, action="disable")
    assert [Client().get(each).status_code for each in (first, last)] == [404, 404]
    assert SharingConfiguration.objects.get().enabled is False


def test_sharing_settings_and_passwords_apply_to_the_shared_page(
    browser: Client, alice: Person, board: Dashboard
) -> None:
    path = get_dashboard_path(board)
    alice.api.patch(f"dashboards/{board.pk}/sharing/", {"enabled": True, "settings": {"allow_overrides": ["a"]}})
    boxes = {"show_details": "on", "show_queries": "on", "show_footer": "on"}  # without header and data
    assert post_form(browser, path, action="sharing", theme="dark", **boxes, password_required="on").status_code == 303
    sharing = SharingConfiguration.objects.get()
    assert sharing.password_required is True
    assert sharing.settings == {
        "allow_overrides": ["a"],
        "noHeader": True,
        "whitelabel": False,
        "hideExtraDetails": False,
        "hideQueries": False,
        "detailed": False,
        "theme": "dark",
    }
    response = post_form(browser, path, action="add-password", note="the board")
    assert (response.status_code, response["Location"]) == (303, f"{path}?panel=share#share")
    shown = get_text(browser.get(path))
    found = re.search(r'id="new-password" value="([^"]+)"', shown)
    assert found is not None
    assert found[1] not in get_text(browser.get(path))
    assert "for the board" in get_text(browser.get(path))
    link = f"/shared/{sharing.access_token}"
    panel = Client().post(link, {"password": found[1]}, headers={"Accept": "text/html"})
    assert panel.status_code == 303
    assert "nobody can open the link" not in get_text(browser.get(path))
    for password in sharing.share_passwords.all():
        post_form(browser, path, action="remove-password", password=password.pk)
    assert "nobody can open the link" in get_text(browser.get(path))
    assert Client().post(link, {"password": found[1]}, headers={"Accept": "text/html"}).status_code == 401
    assert post_form(browser, path, action="sharing", theme="pink").status_code == 400
    assert post_form(browser, path, action="remove-password", password="999999").status_code == 404


@pytest.mark.parametrize(
    "action", ["edit", "delete", "enable", "refresh", "sharing", "add-password", "remove-password"]
)
def test_member_without_the_edit_right_changes_nothing(
    browser: Client, alice: Person, bob: Person, action: str
) -> None:
    theirs = make_dashboard(bob, "Bob's", restriction_level=37)
    alice.membership.level = 1
    alice.membership.save()
    page = browser.get(get_dashboard_path(theirs))
    assert page.status_code == 200
    assert 'value="edit"' not in get_text(page)
    assert 'value="enable"' not in get_text(page)
    response = post_form(browser, get_dashboard_path(theirs), action=action, name="taken", theme="dark", password="1")
    assert response.status_code == 403
    theirs.refresh_from_db()
    assert (theirs.name, theirs.deleted, theirs.sharing_configuration.enabled) == ("Bob's", False, False)


def test_dashboards_of_other_projects_are_not_changed(
    browser: Client, alice: Person, carol: Person, board: Dashboard
) -> None:
    foreign = make_dashboard(carol, "Foreign")
    token = get_csrf_token(browser.get(get_dashboard_path(board)))
    inside = f"/projects/{board.project_id}/dashboards"
    for path, status in ((get_dashboard_path(foreign), 403), (f"{inside}/{foreign.pk}", 404), (f"{inside}/x", 404)):
        response = browser.post(path, {"csrfmiddlewaretoken": token, "action": "delete"})
        assert (path, response.status_code) == (path, status)
    for restored in (foreign.pk, "x", "9" * 30):
        assert browser.post(inside, {"csrfmiddlewaretoken": token, "restore": restored}).status_code == 404
    foreign.refresh_from_db()
    assert foreign.deleted is False


def test_form_without_a_csrf_token_changes_nothing(browser: Client, board: Dashboard) -> None:
    assert browser.post(get_dashboard_path(board), {"action": "delete"}).status_code == 403
    assert Dashboard.objects.get().deleted is False


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_invalid_characters_are_refused_or_replaced(browser: Client, board: Dashboard, value: str) -> None:
    raw = value.encode("utf-8", "surrogatepass")
    token = get_csrf_token(browser.get(get_dashboard_path(board))).encode()
    body = b"csrfmiddlewaretoken=" + token + b"&action=edit&name=" + raw
    response = browser.generic("POST", get_dashboard_path(board), body, "application/x-www-form-urlencoded")
    assert response.status_code in (303, 400)
    assert browser.get(get_dashboard_path(board)).status_code == 200


def test_requiring_a_password_creates_one_if_there_is_none(browser: Client, alice: Person, board: Dashboard) -> None:
    path = get_dashboard_path(board)
    assert post_form(browser, path, action="enable")["Location"] == f"{path}?panel=share#share"
    panel = get_text(browser.get(f"{path}?panel=share"))
    assert '<details class="tool" id="share" open><summary>Share' in panel
    version = get_form_version(browser.get(path))
    response = post_form(browser, path, action="sharing", theme="light", password_required="on", version=version)
    assert response["Location"] == f"{path}?panel=share#share"
    found = re.search(r'id="new-password" value="([^"]+)"', get_text(browser.get(response["Location"])))
    assert found is not None
    token = SharingConfiguration.objects.get().access_token
    assert Client().get(f"/shared/{token}").status_code == 401
    opened_by = Client().post(f"/shared/{token}", {"password": found[1]}, headers={"Accept": "text/html"})
    assert opened_by.status_code == 303
    post_form(browser, path, action="sharing", theme="dark", password_required="on")
    assert SharingConfiguration.objects.get().share_passwords.count() == 1


def test_list_is_sorted(alice: Person, browser: Client) -> None:
    first, second, third = (make_dashboard(alice, name, pinned=name == "b") for name in ("b", "c", "a"))
    browser.get(get_dashboard_path(first))
    browser.get(get_dashboard_path(second))

    def list_ids(query: str) -> list[int]:
        page = get_text(browser.get(f"/projects/{alice.membership.project_id}/dashboards?{query}"))
        return [int(number) for number in re.findall(r'class="list__name" href="[^"]*/(\d+)"', page)]

    assert list_ids("") == list_ids("order=x") == [first.pk, third.pk, second.pk]
    assert list_ids("order=created") == [third.pk, second.pk, first.pk]
    assert list_ids("order=viewed") == [second.pk, first.pk, third.pk]
    assert list_ids("order=created&pinned=true") == [first.pk]


def test_order_is_kept_on_the_next_page(alice: Person, browser: Client) -> None:
    Dashboard.objects.bulk_create(
        Dashboard(project=alice.membership.project, name=str(number), name_key=str(number)) for number in range(51)
    )
    page = get_text(browser.get(f"/projects/{alice.membership.project_id}/dashboards?order=created"))
    assert 'href="?order=created&amp;offset=50">Next' in page
    assert '<option value="created" selected>Newest</option>' in page
