"""Texts of the whole OpenAPI document: its introduction, and the tags that group operations.

Swagger UI and generated clients list tags in this order. A tag is also the name of a class or a module in generated
clients, so renaming a tag breaks programs that use these clients.
"""

# Paragraphs have no line breaks, because Swagger UI would show each line break.
DESCRIPTION = "\n\n".join(
    [
        "Dashboards, their tiles and their sharing. Compatible with PostHog's dashboards API.",
        "**Authentication.** Send an API key as `Authorization: Bearer phx_…`. Keys are created in the console, "
        "under *API keys*, or with `manage.py create_api_key`. On the interactive page of this document, enter the key "
        "under *Authorize*. With a session of the console, no key is required.",
        "**Projects.** Paths of a project begin with `/api/projects/{project_id}/`, where `@current` stands for the "
        "current project. The same operations exist below `/api/environments/`, for older clients of PostHog.",
        "**Errors.** Every error is an object with `type`, `code`, `detail` and `attr`: a kind and a code for "
        "programs, a sentence for people, and the field that was refused. After an error nothing has changed.",
        "**Unknown fields.** Unknown fields and query parameters are ignored, and listed in the response header "
        "`Ignored-Fields`. With `Prefer: handling=strict`, the request is refused with 400.",
    ]
)

_DESCRIPTIONS = {
    "dashboards": "Create, retrieve, update and list dashboards; copy, export, delete and restore them.",
    "tiles": "Add tiles to a dashboard, and update, move, copy, reorder or remove them one at a time.",
    "insights": "Create, retrieve, update and list insights: named queries that dashboards show in tiles.",
    "query": "Run queries on the events of a project, read their state and cancel them.",
    "event_definitions": "List the names of the events of a project.",
    "property_definitions": "List the properties of events and persons of a project, with their types.",
    "sharing": "Share a dashboard by a link, replace the link, and protect it with passwords.",
    "dashboard_templates": "Store and retrieve templates, from which dashboards are created.",
    "collaborators": "Choose the members who can edit a restricted dashboard.",
    "activity_log": "List the changes to dashboards and insights, and undo the changes of an API key.",
    "versions": "List, compare and restore the versions of a dashboard.",
    "projects": "List and retrieve the projects that you are a member of.",
    "organizations": "List and retrieve your organizations and their projects.",
    "users": "Retrieve the current user.",
    "personal_api_keys": "Create, rotate and delete your API keys in a session. A key can only retrieve itself.",
    "empty_lists": "Read lists of objects of PostHog that this service does not have. The lists are empty.",
    "login": "Start and end a session with cookies, as browsers do. Programs use API keys instead.",
}
TAGS = [{"name": name, "description": description} for name, description in _DESCRIPTIONS.items()]
