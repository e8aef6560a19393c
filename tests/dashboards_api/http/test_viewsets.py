"""The base class of API view sets."""

import gc
import weakref
from typing import Any

import pytest
from django.test import RequestFactory

from dashboards_api.wsgi import application
from tests.builders import Person, make_dashboard


@pytest.mark.parametrize(("path", "status"), [("dashboards/", 200), ("dashboards/{}/", 200), ("dashboards/0/", 404)])
def test_response_is_freed_without_garbage_collection(path: str, status: int, alice: Person) -> None:
    url = alice.api.root + path.format(make_dashboard(alice).pk)
    request = RequestFactory().get(url, headers={"Authorization": f"Bearer {alice.api.key}"})
    gc.disable()
    try:
        response: Any = application.get_response(request)
        assert (response.status_code, b"Board" in response.content) == (status, status == 200)
        reference = weakref.ref(response)
        del response
        assert reference() is None
    finally:
        gc.enable()
