"""Who calls in the attack, made by the service's own commands: `python -m attack.cast` on a migrated, empty database.

Home belongs to Alice (admin), Bob (member) and Dora (deactivated); Alice is in Elsewhere, too. Carol is the admin of
Away, in another organization, and Dave of Vault, which nobody else may enter: whatever is his must not be seen.
The last line of the output is JSON: the ids of projects, the values and ids of keys.
"""

import io
import json
import os
from datetime import timedelta
from typing import Any

import django

PASSWORD = "correct horse battery"  # noqa: S105  of people who exist for minutes
PEOPLE = ("alice", "bob", "carol", "dave", "dora")
OF_PROJECTS = ("activity_log", "dashboard", "dashboard_template", "insight", "sharing_configuration")
READABLE = (*OF_PROJECTS, "project", "organization", "user")


def email_of(name: str) -> str:
    return f"{name}@attack.example.com"


def command(name: str, *arguments: str) -> Any:
    """What a management command answers with `--json`."""
    from django.core.management import call_command

    out = io.StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def make_key(name: str, *scopes: str, project: int | None = None, days: int | None = None) -> dict[str, str]:
    arguments = [email_of(name), "--label", "attack", *(part for scope in scopes for part in ("--scope", scope))]
    arguments += ["--project", str(project)] if project else []
    made = command("create_api_key", *arguments, *(["--expires-in", str(days)] if days else []))
    return {"id": made["id"], "value": made["value"]}


def make_projects() -> dict[str, int]:
    inside = {
        "Home": ["--admin", email_of("alice"), "--member", email_of("bob"), "--member", email_of("dora")],
        "Elsewhere": ["--organization", "Home", "--member", email_of("alice")],
        "Away": ["--admin", email_of("carol")],
        "Vault": ["--admin", email_of("dave")],
    }
    return {name: command("create_project", name, *members)["id"] for name, members in inside.items()}


def make_keys(projects: dict[str, int]) -> dict[str, dict[str, str]]:
    keys = {
        "admin": make_key("alice", "*"),
        "member": make_key("bob", "*"),
        "foreign member": make_key("carol", "*"),
        "vault": make_key("dave", "*"),
        "deactivated": make_key("dora", "*"),
        "no scope": make_key("alice", "annotation:read"),
        "read-only": make_key("alice", *(f"{name}:read" for name in READABLE)),
        "write-only": make_key("alice", *(f"{name}:write" for name in READABLE)),
        "narrowed": make_key("alice", "*", project=projects["Elsewhere"]),
        "revoked": make_key("bob", "*"),
        "rolled": make_key("bob", "*"),
        "expired": make_key("bob", "*", days=1),
        "spare": make_key("bob", "*"),
    }
    command("revoke_api_key", keys["revoked"]["id"])
    command("roll_api_key", keys["rolled"]["id"])
    command("deactivate_user", email_of("dora"))
    _expire(keys["expired"]["id"])
    return keys


def _expire(key_id: str) -> None:
    """No command makes a key whose time is over."""
    from django.utils import timezone

    from users.models import PersonalAPIKey

    PersonalAPIKey.objects.filter(pk=key_id).update(expires_at=timezone.now() - timedelta(minutes=1))


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
    django.setup()
    for name in PEOPLE:
        command("create_user", email_of(name), "--name", f"{name.title()} Secretname-{name}", "--password", PASSWORD)
    projects = make_projects()
    print(json.dumps({"projects": projects, "keys": make_keys(projects)}))


if __name__ == "__main__":
    main()
