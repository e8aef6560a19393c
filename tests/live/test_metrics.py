"""`/metrics` of a running service: the token, and the counters of both workers."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.live.conftest import ROOT, Service

TOKEN = "a-token-of-the-tests"
LIST = "api/projects/<str:project_id>/dashboards/"


@pytest.fixture(scope="module")
def service_with_metrics(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("metrics")
    with_token = {**environment, "METRICS_TOKEN": TOKEN, "TMPDIR": str(folder)}
    running = Service(with_token, folder / "serve.log", "--workers", "2").wait()
    yield running
    assert running.stop() == 0
    assert [path.name for path in folder.iterdir()] == ["serve.log"]  # the files of the counters are deleted


def scrape(service: Service) -> str:
    answer = httpx.get(f"{service.base}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return answer.text


def read_count(service: Service, **labels: str) -> float:
    """Return the number of timed requests with the given labels."""
    lines = re.findall(r"^dashboards_request_duration_seconds_count\{(.*)\} (\S+)$", scrape(service), re.MULTILINE)
    return sum(float(value) for found, value in lines if all(f'{k}="{v}"' in found for k, v in labels.items()))


def request_lists(service: Service, times: int) -> None:
    """Send requests on separate connections, so that any worker may respond."""
    key = service.printed_keys[0] if service.printed_keys else "phx_wrong"
    for _ in range(times):
        httpx.get(f"{service.base}/api/projects/1/dashboards/", headers={"Authorization": f"Bearer {key}"}, timeout=20)


def list_workers(service: Service) -> list[int]:
    children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    named = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children}
    return [pid for pid, command in named.items() if b"resource_tracker" not in command]


def test_requests_of_both_workers_are_counted_by_route_method_and_status(service_with_metrics: Service) -> None:
    before = read_count(service_with_metrics, route=LIST)
    request_lists(service_with_metrics, 40)
    httpx.post(f"{service_with_metrics.base}/api/projects/1/dashboards/")
    assert read_count(service_with_metrics, route=LIST) - before == 41
    assert read_count(service_with_metrics, route=LIST, method="GET", status="2xx") >= 40
    assert read_count(service_with_metrics, route=LIST, method="POST", status="4xx") == 1


def test_labels_contain_no_client_input(service_with_metrics: Service) -> None:
    httpx.get(f"{service_with_metrics.base}/made-up-1234")
    httpx.request("MADEUP", f"{service_with_metrics.base}/api/projects/1/dashboards/1234567/")
    found = scrape(service_with_metrics)
    assert 'route="unmatched"' in found
    assert 'method="other"' in found
    for made_up in ("made-up", "MADEUP", "1234567"):
        assert made_up not in found


@pytest.mark.skipif(sys.platform != "linux", reason="workers are found in /proc")
def test_counters_survive_the_restart_of_a_worker(service_with_metrics: Service) -> None:
    request_lists(service_with_metrics, 20)
    before = read_count(service_with_metrics, route=LIST)
    for pid in list_workers(service_with_metrics):
        os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        service_with_metrics.wait()
    assert read_count(service_with_metrics, route=LIST) == before
    request_lists(service_with_metrics, 5)
    assert read_count(service_with_metrics, route=LIST) - before == 5


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}])
def test_missing_token_is_401(service_with_metrics: Service, sent: dict[str, str]) -> None:
    answer = httpx.get(f"{service_with_metrics.base}/metrics", headers=sent)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "dashboards_request" not in answer.text


OFF = """
import django, sys
django.setup()
from django.test import Client
print(Client(headers={"Host": "localhost"}).get("/metrics").status_code, "prometheus_client" in sys.modules)
"""


def test_metrics_are_off_by_default_and_their_library_is_not_imported(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFF],
        env={**environment, "DJANGO_SETTINGS_MODULE": "dashboards_api.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "404 False"
