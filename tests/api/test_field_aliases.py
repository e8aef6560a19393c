"""Fields with two names, of which one is documented and both are accepted."""

from dashboards.models import Tile
from tests.builders import Person, make_dashboard, make_text_tile


def test_snake_case_names_are_accepted(alice: Person) -> None:
    board, target = make_dashboard(alice), make_dashboard(alice)
    tile = make_text_tile(alice, board)
    body = {"from_dashboard_id": board.pk, "tile_id": tile.pk}
    path = f"dashboards/{target.pk}/copy_tile/"
    answer = alice.api.post(path, body, documented=False, headers={"Prefer": "handling=strict"})
    assert (answer.status, "Ignored-Fields" in answer.headers) == (200, False)
    assert Tile.objects.get(dashboard=target).text_id == tile.text_id
    Tile.objects.filter(dashboard=target).delete()
    form = alice.api.send_form("POST", path, body)
    assert (form.status, "Ignored-Fields" in form.headers) == (200, False)
    assert Tile.objects.get(dashboard=target).text_id == tile.text_id
    wrong = alice.api.post(path, {**body, "tile_id": "x"}, documented=False)
    assert wrong.error == (400, "validation_error", "invalid_input", "tile_id")


def test_contradictory_aliases_are_refused(alice: Person) -> None:
    board, target = make_dashboard(alice), make_dashboard(alice)
    tile = make_text_tile(alice, board)
    path = f"dashboards/{target.pk}/copy_tile/"
    body = {"fromDashboardId": board.pk, "from_dashboard_id": board.pk, "tileId": tile.pk, "tile_id": tile.pk + 1}
    strict = alice.api.post(path, body, headers={"Prefer": "handling=strict"})
    assert strict.error == (400, "validation_error", "unknown_field", "tile_id")
    assert not Tile.objects.filter(dashboard=target).exists()
    answer = alice.api.post(path, body)
    assert (answer.status, answer.headers["Ignored-Fields"]) == (200, "tile_id")
    assert Tile.objects.get(dashboard=target).text_id == tile.text_id


def test_older_name_of_the_target_is_accepted(alice: Person) -> None:
    board, target = make_dashboard(alice), make_dashboard(alice)
    tile = make_text_tile(alice, board)
    path, body = f"dashboards/{board.pk}/move_tile/", {"tile": {"id": tile.pk}, "toDashboard": target.pk}
    both = alice.api.patch(path, {**body, "to_dashboard": board.pk}, headers={"Prefer": "handling=strict"})
    assert both.error == (400, "validation_error", "unknown_field", "toDashboard")
    assert Tile.objects.get().dashboard_id == board.pk
    answer = alice.api.patch(path, body, documented=False, headers={"Prefer": "handling=strict"})
    assert (answer.status, "Ignored-Fields" in answer.headers) == (200, False)
    assert Tile.objects.get().dashboard_id == target.pk
