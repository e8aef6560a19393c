"""Scopes of personal API keys: `object:read`, `object:write`, which includes `object:read`, or `*` for all.

`HasRequiredScopes` in `permissions.py` checks them.

The objects are those of PostHog, including resources that this service does not have, so that a key can be created
for any client that was written for PostHog.
"""

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
    """Return whether an API key may have `text` as a scope."""
    object_, separator, action = text.partition(":")
    return text == ALL_SCOPES or (bool(separator) and object_ in OBJECTS and action in ACTIONS)
