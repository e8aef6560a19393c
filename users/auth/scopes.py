"""What a personal API key may do: scopes of the form `object:action`, action `read` or `write`, or `*` for all.

`x:write` includes `x:read`. The objects are PostHog's, so that a key can be made for any client written for it, also
where this service has no such resource.
"""

from collections.abc import Iterable

ALL_SCOPES = "*"
ACTIONS = ("read", "write")
# fmt: off
OBJECTS = frozenset(
    {
        "action",
        "access_control",
        "activity_log",
        "alert",
        "annotation",
        "approvals",
        "batch_export",
        "batch_import",
        "cohort",
        "comment",
        "conversation",
        "customer_profile",
        "dashboard",
        "dashboard_template",
        "data_catalog",
        "dataset",
        "desktop_recording",
        "early_access_feature",
        "element",
        "endpoint",
        "error_tracking",
        "evaluation",
        "event_definition",
        "event_filter",
        "experiment",
        "experiment_holdout",
        "experiment_saved_metric",
        "export",
        "external_data_source",
        "feature_flag",
        "file_system",
        "file_system_shortcut",
        "group",
        "health_issue",
        "heatmap",
        "hog_flow",
        "hog_function",
        "insight",
        "insight_variable",
        "integration",
        "live_debugger",
        "llm_analytics",
        "llm_prompt",
        "logs",
        "notebook",
        "organization",
        "organization_integration",
        "organization_member",
        "person",
        "persisted_folder",
        "plugin",
        "product_tour",
        "project",
        "property_definition",
        "query",
        "session_recording",
        "session_recording_playlist",
        "sharing_configuration",
        "signal_scout",
        "subscription",
        "survey",
        "tagger",
        "task",
        "ticket",
        "tracing",
        "uploaded_media",
        "user",
        "user_interview",
        "warehouse_objects",
        "warehouse_table",
        "warehouse_view",
        "web_analytics",
        "webhook",
    }
)
# fmt: on


def is_valid_scope(text: str) -> bool:
    """Whether `text` is a scope that a key can be given."""
    object_, separator, action = text.partition(":")
    return text == ALL_SCOPES or (bool(separator) and object_ in OBJECTS and action in ACTIONS)


def find_missing_scope(granted: Iterable[str], required: Iterable[str]) -> str | None:
    """The first required scope that is not covered by the granted ones, or None."""
    held = set(granted)
    if ALL_SCOPES in held:
        return None
    for scope in required:
        object_, _, action = scope.partition(":")
        if scope not in held and not (action == "read" and f"{object_}:write" in held):
            return scope
    return None
