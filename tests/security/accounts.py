"""The users and keys of security tests: `python -m tests.security.accounts` creates them in a migrated, empty database.

The members of Home are Alice (admin), Bob and Dora (deactivated). Alice is also a member of Elsewhere. Carol is the
admin of Away, in another organization. Dave is the admin and the only member of Vault. No response may contain
content of Vault. The last line of the output is JSON with the ids of projects, and the values and ids of keys.
"""

import io
import json
import os
from datetime import timedelta
from typing import Any

import django

PASSWORD = "correct horse battery"
VAULT_QUERY_ID = "query of Vault"
USERS = ("alice", "bob", "carol", "dave", "dora")
OF_PROJECTS = (
    "activity_log",
    "dashboard",
    "dashboard_template",
    "insight",
    "query",
    "event_definition",
    "property_definition",
    "alert",
    "annotation",
    "subscription",
    "sharing_configuration",
)
READABLE = (*OF_PROJECTS, "project", "organization", "user")


def get_email(name: str) -> str:
    return f"{name}@attack.example.com"


def run_command(name: str, *arguments: str) -> Any:
    """Run a management command with `--json`, and return the parsed output."""
    from django.core.management import call_command

    out = io.StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def make_key(name: str, *scopes: str, project: int | None = None, days: int | None = None) -> dict[str, str]:
    arguments = [get_email(name), "--label", "attack", *(part for scope in scopes for part in ("--scope", scope))]
    arguments += ["--project", str(project)] if project else []
    created = run_command("create_api_key", *arguments, *(["--expires-in", str(days)] if days else []))
    return {"id": created["id"], "value": created["value"]}


def make_projects() -> dict[str, int]:
    inside = {
        "Home": ["--admin", get_email("alice"), "--member", get_email("bob"), "--member", get_email("dora")],
        "Elsewhere": ["--organization", "Home", "--member", get_email("alice")],
        "Away": ["--admin", get_email("carol")],
        "Vault": ["--admin", get_email("dave")],
    }
    return {name: run_command("create_project", name, *members)["id"] for name, members in inside.items()}


def make_keys(projects: dict[str, int]) -> dict[str, dict[str, str]]:
    keys = {
        "admin": make_key("alice", "*"),
        "member": make_key("bob", "*"),
        "foreign member": make_key("carol", "*"),
        "vault": make_key("dave", "*"),
        "deactivated": make_key("dora", "*"),
        "no scope": make_key("alice", "survey:read"),
        "read-only": make_key("alice", *(f"{name}:read" for name in READABLE)),
        "write-only": make_key("alice", *(f"{name}:write" for name in READABLE)),
        "scoped elsewhere": make_key("alice", "*", project=projects["Elsewhere"]),
        "revoked": make_key("bob", "*"),
        "rolled": make_key("bob", "*"),
        "expired": make_key("bob", "*", days=1),
        "spare": make_key("bob", "*"),
    }
    run_command("revoke_api_key", keys["revoked"]["id"])
    run_command("roll_api_key", keys["rolled"]["id"])
    run_command("deactivate_user", get_email("dora"))
    _expire(keys["expired"]["id"])
    return keys


def _expire(key_id: str) -> None:
    """Let a key expire. No command creates an expired key."""
    from django.utils import timezone

    from users.models import PersonalAPIKey

    PersonalAPIKey.objects.filter(pk=key_id).update(expires_at=timezone.now() - timedelta(minutes=1))


def make_vault_query(project_id: int) -> None:
    """Store a result in the project Vault, in which queries cannot be run because it has no events."""
    from django.utils import timezone

    from queries.models import QueryReference, QueryResult

    result = QueryResult.objects.create(
        project_id=project_id,
        cache_key="vault",
        query={"kind": "HogQLQuery", "query": "select 'Secretname-dave'"},
        results=[["Secretname-dave"]],
        details={"columns": ["name"], "hasMore": False, "limit": 100},
        computed_at=timezone.now(),
        size=20,
    )
    QueryReference.objects.create(project_id=project_id, client_query_id=VAULT_QUERY_ID, result=result)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    django.setup()
    for name in USERS:
        run_command(
            "create_user", get_email(name), "--name", f"{name.title()} Secretname-{name}", "--password", PASSWORD
        )
    projects = make_projects()
    make_vault_query(projects["Vault"])
    print(json.dumps({"projects": projects, "keys": make_keys(projects)}))


if __name__ == "__main__":
    main()
