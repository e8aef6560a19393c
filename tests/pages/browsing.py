"""What tests of pages do in a browser."""

import re
from typing import Any

from django.test import Client


def token_in(response: Any) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.content.decode())
    assert found is not None
    return found[1]


def sign_in(client: Client, email: str, password: str, **fields: str) -> Any:
    token = token_in(client.get("/login?again=1"))
    return client.post("/login", {"csrfmiddlewaretoken": token, "email": email, "password": password, **fields})


def text_of(response: Any) -> str:
    text: str = response.content.decode()
    return text
