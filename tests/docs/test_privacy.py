"""docs/operations/privacy.md: deleting a user in Django's shell keeps their dashboards and no personal data."""

import re

from django.core.management import call_command

from dashboards.models import Activity, Dashboard
from tests.builders import Person
from tests.live.conftest import ROOT
from users.models import PersonalAPIKey, User

PAGE = ROOT / "docs" / "operations" / "privacy.md"


def test_documented_command_deletes_the_user_and_keeps_their_content(bob: Person) -> None:
    bob.api.post("dashboards/", {"name": "Made by Bob"})
    [program] = re.findall(r'manage\.py shell -c "(.*)"', PAGE.read_text())
    call_command("shell", command=program.replace("dora@example.com", bob.user.email), verbosity=0)

    assert not User.objects.filter(id=bob.user.id).exists()
    assert not PersonalAPIKey.objects.filter(user_id=bob.user.id).exists()
    assert Dashboard.objects.get(name="Made by Bob").created_by is None
    assert Activity.objects.get(activity="created").user is None
