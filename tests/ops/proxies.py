"""nginx, Caddy and HAProxy with the configurations of docs/proxies/.

Only the IP addresses, ports and paths in the configurations are replaced. The IP address of the proxy is 127.0.0.1, and
the clients of the tests have other IP addresses, such as 127.0.0.2.
"""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.live.conftest import ROOT, Service, find_free_port

CLIENT, NEIGHBOUR = "127.0.0.2", "127.0.0.3"
METRICS_TOKEN = "a-token-of-the-tests"
DASHBOARDS = "/api/projects/1/dashboards/"
NGINX_MAIN = """
daemon off;
{user}pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Proxy(NamedTuple):
    """A proxy that runs in front of an upstream server."""

    name: str
    port: int
    plain_port: int
    certificate: Path
    log: Path

    @property
    def base(self) -> str:
        return f"https://localhost:{self.port}"

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def client(self, address: str = CLIENT, key: str = "") -> httpx.Client:
        """Return a client with the given IP address, and with an API key if one is given."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.HTTPTransport(verify=self.tls(), local_address=address)
        return httpx.Client(base_url=self.base, headers=headers, transport=transport, timeout=60)

    def connect(self, address: str = CLIENT) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(address, 0))
        return self.tls().wrap_socket(plain, server_hostname="localhost")

    def exchange(self, request: str, address: str = CLIENT) -> str:
        """Send raw requests, the last of which closes the connection, and return all responses."""
        received = b""
        with self.connect(address) as connection, suppress(ConnectionResetError, ssl.SSLEOFError):
            connection.sendall(request.encode())
            while block := connection.recv(65536):
                received += block
        return received.decode()


def find_program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert found, f"these tests need {name}: install it"
    return found


def make_certificate(folder: Path) -> None:
    """Create cert.pem, key.pem and both.pem for localhost."""
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    extension = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files: list[str | Path] = ["-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(["openssl", "req", *options, *extension, *files], check=True, capture_output=True)
    both = (folder / "cert.pem").read_text() + (folder / "key.pem").read_text()
    (folder / "both.pem").write_text(both)


def read_configuration(file: str, *replacements: tuple[str, str]) -> str:
    """Return a configuration of docs/proxies/ after replacing strings, each of which must occur in the file."""
    text = (ROOT / "docs/proxies" / file).read_text()
    for old, new in replacements:
        assert old in text, f"{file} does not hold {old!r}"
        text = text.replace(old, new)
    return text


def configure_nginx(proxy: Proxy, folder: Path, upstream: str) -> list[str | Path]:
    site = read_configuration(
        "nginx.conf",
        ("https://dashboards.example.com", proxy.base),
        ("dashboards.example.com", "localhost"),
        ("127.0.0.1:8000", upstream),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{proxy.plain_port};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{proxy.port} ssl;"),
        ("/etc/ssl/dashboards/fullchain.pem", f"{folder}/cert.pem"),
        ("/etc/ssl/dashboards/privkey.pem", f"{folder}/key.pem"),
        ("/var/log/nginx/dashboards.log", str(proxy.log)),
    )
    (folder / "site.conf").write_text(site)
    user = "user root;\n" if os.geteuid() == 0 else ""  # other users cannot read the temporary folder
    (folder / "nginx.conf").write_text(NGINX_MAIN.format(user=user, folder=folder))
    return [find_program("nginx"), "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]


def configure_caddy(proxy: Proxy, folder: Path, upstream: str) -> list[str | Path]:
    text = read_configuration(
        "Caddyfile",
        ("https://dashboards.example.com", proxy.base),
        ("dashboards.example.com {", "localhost {\n\tbind 127.0.0.1"),
        ("127.0.0.1:8000", upstream),
        ("localhost:2019", f"localhost:{find_free_port()}"),
        ("http_port 80", f"http_port {proxy.plain_port}"),
        ("https_port 443", f"https_port {proxy.port}"),
        ("# tls ", "tls "),
        ("/etc/caddy/dashboards.crt", f"{folder}/cert.pem"),
        ("/etc/caddy/dashboards.key", f"{folder}/key.pem"),
    )
    (folder / "Caddyfile").write_text(text)
    return [find_program("caddy"), "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]


def configure_haproxy(proxy: Proxy, folder: Path, upstream: str) -> list[str | Path]:
    text = read_configuration(
        "haproxy.cfg",
        ("https://dashboards.example.com", proxy.base),
        ("127.0.0.1:8000", upstream),
        ("bind :80\n", f"bind 127.0.0.1:{proxy.plain_port}\n"),
        ("bind :443 ", f"bind 127.0.0.1:{proxy.port} "),
        ("/etc/haproxy/dashboards.pem", f"{folder}/both.pem"),
        ("log /dev/log local0", "log stdout format raw local0"),
    )
    if os.geteuid() != 0:  # only root can change the user of a process
        text = "".join(line for line in text.splitlines(keepends=True) if line.split()[:1] not in ROOT_ONLY)
    (folder / "haproxy.cfg").write_text(text)
    return [find_program("haproxy"), "-db", "-f", folder / "haproxy.cfg"]


ROOT_ONLY = (["user"], ["group"], ["chroot"])
Configure = Callable[[Proxy, Path, str], list[str | Path]]
PROXIES: dict[str, Configure] = {"nginx": configure_nginx, "caddy": configure_caddy, "haproxy": configure_haproxy}


@contextmanager
def run_proxy(name: str, upstream: str, folder: Path, port: int | None = None) -> Iterator[Proxy]:
    """Run a proxy in front of `upstream`, an IP address with a port."""
    make_certificate(folder)
    proxy = Proxy(name, port or find_free_port(), find_free_port(), folder / "cert.pem", folder / "log")
    command = PROXIES[name](proxy, folder, upstream)
    environment = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with proxy.log.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)
    try:
        _wait(proxy, process)
        yield proxy
    finally:
        process.terminate()
        process.wait()


def _wait(proxy: Proxy, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionRefusedError):
            proxy.connect("127.0.0.1").close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{proxy.name} did not start:\n{proxy.log.read_text()}")


@pytest.fixture(scope="module")
def public_port() -> int:
    return find_free_port()


@pytest.fixture(scope="module")
def service(
    environment: dict[str, str], public_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Yield a running service with the settings of docs/operations/proxies.md."""
    settings = {
        "PUBLIC_URL": f"https://localhost:{public_port}",
        "TRUSTED_PROXIES": "127.0.0.1",
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    running = Service(environment | settings, tmp_path_factory.mktemp("service") / "log").wait()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=PROXIES)
def proxy(
    request: pytest.FixtureRequest, service: Service, public_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp(request.param)
    with run_proxy(request.param, f"127.0.0.1:{service.port}", folder, public_port) as running:
        yield running


@pytest.fixture
def admin(proxy: Proxy, service: Service) -> Iterator[httpx.Client]:
    """Yield a client for the first admin, with an API key, through the proxy."""
    with proxy.client(key=service.printed_keys[0]) as client:
        yield client
