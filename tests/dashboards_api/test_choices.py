"""The error for an unknown choice, in bodies, templates and parameters."""

from typing import Any

import pytest

from dashboards_api.choices import build_invalid_choice_message
from tests.builders import Person, make_dashboard, make_template


def test_message_lists_choices_and_the_closest_match() -> None:
    assert build_invalid_choice_message("drak", ["light", "dark"]) == (
        '"drak" is not a valid choice. Valid choices: light, dark. Did you mean "dark"?'
    )
    assert build_invalid_choice_message("DARK", ["light", "dark"]).endswith('Did you mean "dark"?')
    assert build_invalid_choice_message(7, [21, 37]) == '"7" is not a valid choice. Valid choices: 21, 37.'


def test_message_length_is_limited() -> None:
    message = build_invalid_choice_message("x" * 100_000, range(30))
    assert message.endswith("18, 19 and 10 more.")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("method", "path", "body", "attr", "message"),
    [
        ("PATCH", "dashboards/{}/", {"restriction_level": 22}, "restriction_level", "Valid choices: 21, 37."),
        ("PATCH", "dashboards/{}/", {"restriction_level": {"a": 1}}, "restriction_level", "Valid choices: 21, 37."),
        ("PATCH", "dashboards/{}/sharing/", {"settings": {"theme": "drak"}}, "settings__theme", 'mean "dark"?'),
        ("POST", "dashboards/bulk_update_tags/", {"ids": [1], "action": "ad", "tags": ["a"]}, "action", '"add"?'),
        ("POST", "dashboards/", {"use_template": "DEFALT_APP"}, "use_template", "Did you mean 'DEFAULT_APP'?"),
        ("POST", "dashboards/", {"use_template": "my wekly"}, "use_template", "Did you mean 'My weekly'?"),
        ("GET", "dashboards/?creation_mode=templat", None, "creation_mode", 'Did you mean "template"?'),
        (
            "GET",
            "dashboard_templates/?ordering=name",
            None,
            "ordering",
            "Valid choices: template_name, -template_name.",
        ),
        (
            "POST",
            "dashboards/create_from_template_json/",
            {
                "template": {
                    "template_name": "n",
                    "dashboard_description": "",
                    "dashboard_filters": {},
                    "tiles": [{"type": "INSIGHTS"}],
                }
            },
            "template__tiles__0__type",
            'Valid choices: INSIGHT, TEXT, BUTTON. Did you mean "INSIGHT"?',
        ),
    ],
)
def test_every_choice_field_has_the_same_message(
    alice: Person, method: str, path: str, body: Any, attr: str, message: str
) -> None:
    make_template(alice.membership.project, "My weekly")
    answer = alice.api.call(method, path.format(make_dashboard(alice).pk), body)
    assert (answer.status, answer.json["attr"]) == (400, attr)
    assert message in answer.json["detail"]
