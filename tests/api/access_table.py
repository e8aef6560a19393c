"""The expected status of each route and method for every caller. test_access_table.py describes the callers."""

from dashboards import shared_urls

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CALLERS = ("nobody", "no scope", "reader", "member", "admin", "outsider", "scoped elsewhere")

# The statuses of one method, for the callers in that order.
Row = tuple[int, int, int, int, int, int, int]
READ: Row = (401, 403, 200, 200, 200, 403, 403)
CREATE: Row = (401, 403, 403, 201, 201, 403, 403)
WRITE: Row = (401, 403, 403, 200, 200, 403, 403)
ADMIN_WRITE: Row = (401, 403, 403, 403, 200, 403, 403)
# The empty body that the table sends is invalid, so allowed callers get 400.
ACTION: Row = (401, 403, 403, 400, 400, 403, 403)
QUERY: Row = (401, 403, 400, 400, 400, 403, 403)
NO_QUERY: Row = (401, 403, 404, 404, 404, 403, 403)
NO_READ: Row = (401, 403, 405, 405, 405, 403, 403)
NO_WRITE: Row = (401, 403, 403, 405, 405, 403, 403)
LACKS = {"GET": NO_READ, **dict.fromkeys(METHODS[1:], NO_WRITE)}
# Routes outside of projects are refused for keys with scoped projects.
OUTSIDE: dict[str, Row] = {
    "GET": (401, 403, 200, 200, 200, 200, 403),
    **dict.fromkeys(METHODS[1:], (401, 403, 403, 405, 405, 405, 403)),
}
ORGANIZATION: dict[str, Row] = {**OUTSIDE, "GET": (401, 403, 200, 200, 200, 404, 403)}
COLLECTION = {**LACKS, "GET": READ, "POST": CREATE}
ROW = {**LACKS, "GET": READ, "PUT": WRITE, "PATCH": WRITE}

TABLE: dict[str, dict[str, Row]] = {
    "api/users/@me/": {
        "GET": (401, 403, 200, 200, 200, 200, 200),
        **dict.fromkeys(METHODS[1:], (401, 403, 403, 405, 405, 405, 405)),
    },
    "api/projects/": OUTSIDE,
    "api/organizations/": OUTSIDE,
    "api/organizations/<organization_id>/": ORGANIZATION,
    # Members may not create projects. The empty body of an admin lacks a name.
    "api/organizations/<organization_id>/projects/": {
        **ORGANIZATION,
        "POST": (401, 403, 403, 403, 400, 404, 403),
    },
    "api/organizations/<organization_id>/projects/<project_id>/": {
        **ORGANIZATION,
        **dict.fromkeys(("PUT", "PATCH"), (401, 403, 403, 403, 200, 404, 403)),
    },
    "api/personal_api_keys/@current/": {
        "GET": (401, 200, 200, 200, 200, 200, 200),
        **dict.fromkeys(METHODS[1:], (401, 403, 403, 405, 405, 405, 405)),
    },
    "api/projects/<project_id>/": {**LACKS, "GET": READ, "PUT": ADMIN_WRITE, "PATCH": ADMIN_WRITE},
    "api/projects/<project_id>/dashboards/": COLLECTION,
    "api/projects/<project_id>/dashboards/create_from_template_json/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/create_unlisted_dashboard/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/bulk_update_tags/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/bulk_restore/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/<id>/": ROW,
    "api/projects/<project_id>/dashboards/<id>/activity/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboards/<id>/versions/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboards/<id>/versions/<version>/": {**LACKS, "GET": READ},
    # The parameter `with` is required.
    "api/projects/<project_id>/dashboards/<id>/versions/<version>/diff/": {
        **LACKS,
        "GET": (401, 403, 400, 400, 400, 403, 403),
    },
    "api/projects/<project_id>/dashboards/<id>/versions/<version>/restore/": {**LACKS, "POST": WRITE},
    "api/projects/<project_id>/activity_log/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/activity_log/undo/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/<id>/stream_tiles/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboards/<id>/run_insights/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboards/<id>/export/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboards/<id>/move_tile/": {**LACKS, "PATCH": ACTION, "POST": ACTION},
    **{
        f"api/projects/<project_id>/dashboards/<id>/{action}/": {**LACKS, "POST": ACTION}
        for action in (
            "tiles",
            "copy_tile",
            "reorder_tiles",
            "create_text_tile",
            "update_text_tile",
            "update_tile",
            "delete_tile",
        )
    },
    "api/projects/<project_id>/dashboards/<dashboard_id>/sharing/": {**LACKS, "GET": READ, "PATCH": WRITE},
    "api/projects/<project_id>/dashboards/<dashboard_id>/sharing/refresh/": {**LACKS, "POST": WRITE},
    "api/projects/<project_id>/dashboards/<dashboard_id>/sharing/passwords/": {**LACKS, "POST": ACTION},
    "api/projects/<project_id>/dashboards/<dashboard_id>/sharing/passwords/<password_id>/": {
        **LACKS,
        "DELETE": (401, 403, 403, 404, 404, 403, 403),
    },
    "api/projects/<project_id>/dashboards/<dashboard_id>/collaborators/": {**LACKS, "GET": READ, "POST": ACTION},
    "api/projects/<project_id>/dashboards/<dashboard_id>/collaborators/<user_uuid>/": {
        **LACKS,
        "DELETE": (401, 403, 403, 404, 404, 403, 403),
    },
    "api/projects/<project_id>/dashboard_templates/": {**LACKS, "GET": READ, "POST": ACTION},
    "api/projects/<project_id>/dashboard_templates/json_schema/": {**LACKS, "GET": READ},
    "api/projects/<project_id>/dashboard_templates/<id>/": ROW,
    "api/projects/<project_id>/insights/": COLLECTION,
    "api/projects/<project_id>/insights/<id>/": ROW,
    "api/projects/<project_id>/insights/<id>/activity/": {**LACKS, "GET": READ},
    # There is no result to export.
    "api/projects/<project_id>/insights/<id>/export/": {**LACKS, "GET": (401, 403, 409, 409, 409, 403, 403)},
    "api/projects/<project_id>/insights/activity/": {**LACKS, "GET": READ},
    **{
        f"api/projects/<project_id>/insights/{action}/": {**LACKS, "POST": ACTION}
        for action in ("bulk_delete", "bulk_restore", "bulk_update_tags")
    },
    "api/projects/<project_id>/insights/validate/": {**LACKS, "POST": QUERY},
    **{
        f"api/projects/<project_id>/insights/{action}/": {**LACKS, "GET": QUERY, "POST": QUERY}
        for action in ("trend", "funnel")
    },
    **{
        f"api/projects/<project_id>/{name}/": {**LACKS, "GET": READ}
        for name in (
            "alerts",
            "annotations",
            "subscriptions",
            "insights/trending",
            "dashboards/widget_catalog",
            "event_definitions",
            "property_definitions",
        )
    },
    # A read-only key may run and cancel queries, because queries change nothing in the project.
    "api/projects/<project_id>/query/": {**LACKS, "POST": QUERY},
    "api/projects/<project_id>/query/<id>/": {**LACKS, "GET": NO_QUERY, "POST": QUERY, "DELETE": NO_QUERY},
    "api/projects/<project_id>/mcp_tools/execute_sql/": {**LACKS, "POST": QUERY},
    "api/projects/<project_id>/mcp_tools/read_taxonomy/": {**LACKS, "POST": QUERY},
}
# The OpenAPI document, health checks and shared dashboards are public; metrics have a token of their own.
PUBLIC = {"healthz", "readyz", "metrics", "api/schema/", "api/schema/swagger-ui/", "api/login/", "api/"} | {
    str(shared.pattern) for shared in shared_urls.urlpatterns
}

# Session-only operations: the statuses without a key, for a key with all scopes, and for a session.
NO_ACTION = (401, 405, 405)
SIGNED_IN: dict[str, dict[str, tuple[int, int, int]]] = {
    "api/logout/": {**dict.fromkeys(METHODS, (401, 401, 405)), "POST": (401, 401, 204)},
    "api/personal_api_keys/": {
        **dict.fromkeys(METHODS, NO_ACTION),
        "GET": (401, 403, 200),
        "POST": (401, 403, 400),
    },
    "api/personal_api_keys/<id>/": {
        **dict.fromkeys(METHODS, NO_ACTION),
        **dict.fromkeys(("GET", "PATCH", "DELETE"), (401, 403, 404)),
    },
    "api/personal_api_keys/<id>/roll/": {**dict.fromkeys(METHODS, NO_ACTION), "POST": (401, 403, 404)},
}
