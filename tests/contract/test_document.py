"""openapi.yaml: stable names, only operations of this service, and the endpoints that serve the document."""

import re
from typing import Any

import pytest
import yaml
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from dashboards.serializers.tiles_request import DashboardTileRequestSerializer
from tests.api.test_access_table import iter_routes
from tests.builders import Person, make_session
from tests.contract.document import FILE, document, resolve

# Operation ids are function names in generated clients. New ids can be added, but existing ids never change.
OPERATIONS = """
dashboards_list dashboards_create dashboards_retrieve dashboards_update dashboards_partial_update dashboards_destroy
dashboards_move_tile_partial_update dashboards_move_tile_create dashboards_create_from_template_json_create
dashboards_tiles_create dashboards_copy_tile_create dashboards_reorder_tiles_create dashboards_create_text_tile_create
dashboards_update_text_tile_create dashboards_update_tile_create dashboards_delete_tile_create
dashboards_create_unlisted_dashboard_create dashboards_bulk_update_tags_create dashboards_bulk_restore_create
activity_log_list activity_log_undo_create dashboards_activity_list dashboards_versions_list
dashboards_versions_retrieve dashboards_versions_diff_retrieve dashboards_versions_restore_create
dashboards_sharing_passwords_create dashboards_sharing_passwords_destroy
dashboards_collaborators_list dashboards_collaborators_create dashboards_collaborators_destroy
dashboards_sharing_list dashboards_sharing_partial_update dashboards_sharing_refresh_create
dashboard_templates_list dashboard_templates_create dashboard_templates_retrieve dashboard_templates_partial_update
dashboard_templates_update
dashboards_export_retrieve dashboards_stream_tiles_retrieve
dashboard_templates_destroy dashboard_templates_json_schema_retrieve
insights_list insights_create insights_retrieve insights_update insights_partial_update
insights_destroy insights_activity_retrieve insights_all_activity_retrieve insights_bulk_delete_create
insights_bulk_restore_create insights_bulk_update_tags_create
projects_list projects_retrieve projects_update projects_partial_update users_me_retrieve
organizations_list organizations_retrieve organizations_projects_list organizations_projects_create
organizations_projects_retrieve organizations_projects_update organizations_projects_partial_update
personal_api_keys_current_retrieve
personal_api_keys_list personal_api_keys_create personal_api_keys_retrieve personal_api_keys_partial_update
personal_api_keys_destroy personal_api_keys_roll_create login_create logout_create
event_definitions_list property_definitions_list
dashboards_run_insights_retrieve insights_validate_create insights_export_retrieve
insights_trend_retrieve insights_trend_create insights_funnel_retrieve insights_funnel_create
alerts_list annotations_list subscriptions_list insights_trending_retrieve dashboards_widget_catalog_retrieve
query_create query_create_of_kind_create query_retrieve query_destroy
mcp_tools_execute_sql_create mcp_tools_read_taxonomy_create
""".split()  # noqa: SIM905  a table is easier to read
COMPONENTS = """
Dashboard DashboardBasic DashboardRequest PatchedDashboardRequest PaginatedDashboardBasicList SharingConfiguration
UserBasic DashboardTile DashboardTileBasic Text ButtonTile Error Insight InsightRequest PatchedInsightRequest
""".split()  # noqa: SIM905  a table is easier to read


def read_operations() -> dict[str, dict[str, Any]]:
    return {each["operationId"]: each for methods in document()["paths"].values() for each in methods.values()}


def test_document_is_valid_and_up_to_date() -> None:
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    validate_schema(generated)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    assert yaml.safe_load(yaml.safe_dump(_plain(generated))) == document(), "run make schema"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def test_operation_ids_are_stable_on_both_prefixes() -> None:
    aliased = {
        f"environments_{each}"
        for each in OPERATIONS
        if not each.startswith(("users", "projects_list", "organizations", "personal_api_keys", "login", "logout"))
    }
    assert set(read_operations()) == set(OPERATIONS) | aliased


def test_components_have_stable_names() -> None:
    assert set(COMPONENTS) <= set(document()["components"]["schemas"])


def test_document_contains_no_host() -> None:
    assert "servers" not in document()
    hosts = set(re.findall(r"https?://([^/ '`]+)", FILE.read_text()))
    assert hosts <= {"api.example.org", "example.com"}  # in examples of links


def test_every_route_is_documented() -> None:
    documented = {path.lstrip("/").replace("{", "<").replace("}", ">") for path in document()["paths"]}
    served = {route for route in iter_routes() if re.match("api/(?!schema/|$)", route)}
    assert documented == served


@pytest.mark.parametrize("status", ["400", "401", "403", "404"])
def test_every_operation_documents_its_errors(status: str) -> None:
    for name, operation in read_operations().items():
        content = resolve(operation["responses"][status])["content"]
        assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}, name


def test_destroy_is_documented_as_405_without_a_body() -> None:
    responses = read_operations()["dashboards_destroy"]["responses"]
    assert "content" not in responses["405"]
    assert not any(status.startswith("2") for status in responses)


def test_every_key_of_a_tile_item_is_documented() -> None:
    documented = document()["components"]["schemas"]["DashboardTileRequest"]["properties"]
    assert set(documented) == set(DashboardTileRequestSerializer().fields)


@pytest.mark.parametrize(
    ("query", "accept", "content_type"),
    [
        ("", "*/*", "application/vnd.oai.openapi"),
        ("?format=json", "*/*", "application/vnd.oai.openapi+json"),
        ("", "application/json", "application/json"),
    ],
)
def test_document_is_public(query: str, accept: str, content_type: str) -> None:
    answer = Client().get(f"/api/schema/{query}", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(content_type)
    served = yaml.safe_load(answer.content)
    assert set(served["paths"]) == set(document()["paths"])


def test_document_can_be_limited_to_one_prefix() -> None:
    both = document()
    answer = Client().get("/api/schema/?prefix=projects")
    assert answer.status_code == 200
    limited = yaml.safe_load(answer.content)
    assert set(limited["paths"]) == {path for path in both["paths"] if not path.startswith("/api/environments/")}
    assert {name: part for name, part in limited.items() if name != "paths"} == {
        name: part for name, part in both.items() if name != "paths"
    }


@pytest.mark.parametrize("prefix", ["environments", "project", "/api/projects/"])
def test_other_prefixes_are_refused(prefix: str) -> None:
    answer = Client().get("/api/schema/", {"prefix": prefix, "format": "json"})
    assert answer.status_code == 400
    error = answer.json()
    assert (error["type"], error["code"], error["attr"]) == ("validation_error", "invalid_choice", "prefix")
    assert "Valid choices: projects." in error["detail"]


def test_document_is_generated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is public. If it were generated for each request, any client could cause a high load."""
    queries = ("", "?prefix=projects", "?format=json", "?format=json&prefix=projects")
    first = {query: Client().get(f"/api/schema/{query}").content for query in queries}
    assert len(set(first.values())) == len(queries)

    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("it was made again")

    monkeypatch.setattr(SchemaGenerator, "get_schema", never)
    for query in queries:
        for ignored in ("version=2", "lang=de"):
            again = f"/api/schema/{query}{'&' if query else '?'}{ignored}"
            assert Client().get(again).content == first[query], again


@pytest.mark.django_db
def test_swagger_ui_contacts_no_other_host() -> None:
    page = Client().get("/api/schema/swagger-ui/")
    assert page.status_code == 200
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.content.decode())
    script = re.search(r'src="(/static/[^"]+swagger-ui-bundle\.js)"', page.content.decode())
    assert script is not None
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.content.decode()):
        static = Client().get(path)
        static.close()
        assert static.status_code == 200, path


@pytest.mark.django_db
def test_swagger_ui_has_a_strict_policy_and_contains_no_token(alice: Person) -> None:
    browser = make_session(alice).client
    page = browser.get("/api/schema/swagger-ui/")
    policy = dict(directive.strip().split(" ", 1) for directive in page["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert page["X-Frame-Options"] == "DENY"
    assert page["Cache-Control"] == "private, no-cache"
    assert page["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", page.content.decode())
    token = browser.cookies["posthog_csrftoken"].value
    assert "csrftoken" in page.content.decode()  # the name of the cookie
    for path in ("", "?script=", "?script=1"):
        answer = browser.get(f"/api/schema/swagger-ui/{path}")
        assert token not in answer.content.decode()
        assert answer["Content-Type"].startswith("text/html")
