"""A substitute for a ClickHouse server, with the HTTP interface of ClickHouse. `python … FOLDER` prints its port.

No package registry contains a ClickHouse server for tests. Dialect, settings, limits and errors are those of chDB.
HTTP, users and query ids are simulated. The server accepts the user `tester` with the password `p@ss`.
"""

import base64
import re
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb.state import connect

FOLDER = sys.argv[1]
USER = "Basic " + base64.b64encode(b"tester:p@ss").decode()
TRANSPORT = {"query", "database", "query_id", "wait_end_of_query", "client_protocol_version", "session_id", "compress"}
INSERT = re.compile(rb"\s*(INSERT\s.*?)\sFORMAT\s+(\w+)\n", re.DOTALL | re.IGNORECASE)
CODE = re.compile(r"Code: (\d+)\.")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self.read_body()
        given = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get("Authorization") != USER:
            self.respond(516, b"Code: 516. DB::Exception: tester: Authentication failed. (AUTHENTICATION_FAILED)")
            return
        try:
            self.respond(0, self.run(given, body))
        except Exception as error:  # noqa: BLE001  the response to any error is that of ClickHouse
            found = CODE.search(str(error))
            self.respond(int(found[1]) if found else 1001, str(error).encode())

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def run(self, given: dict[str, str], body: bytes) -> bytes:
        statement = b"\n".join(filter(None, (given.get("query", "").encode(), body)))
        parameters = {name[6:]: value for name, value in given.items() if name.startswith("param_")}
        settings = {name: value for name, value in given.items() if name not in TRANSPORT and name[:6] != "param_"}
        settings["log_comment"] = given.get("query_id", "")
        readonly = settings.pop("readonly", "0")
        opened = connect(FOLDER)
        try:
            for name, value in [*settings.items(), ("readonly", readonly)]:
                opened.query(f"SET {name} = '{value}'")
            if found := INSERT.match(statement):
                return self.insert(opened, found[1].decode(), found[2].decode(), statement[found.end() :])
            text = statement.decode().replace("WHERE query_id =", "WHERE Settings['log_comment'] =")
            output = self.headers.get("X-ClickHouse-Format", "TabSeparated")
            return bytes(opened.query(text, output, params=parameters).bytes())
        finally:
            opened.close()

    def insert(self, opened: object, insert: str, name: str, data: bytes) -> bytes:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            if found := re.search(r" FROM input\((.*)\)$", insert, re.DOTALL):
                source = f"{insert[: found.start()]} FROM file('{file.name}', '{name}', {found[1]})"
            else:
                source = f"{insert} FROM INFILE '{file.name}' FORMAT {name}"
            opened.query(source)  # type: ignore[attr-defined]  # chDB's connections have no public type
        return b""

    def respond(self, code: int, body: bytes) -> None:
        self.send_response(500 if code else 200)
        if code:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


if __name__ == "__main__":
    session = connect(FOLDER)
    session.query("CREATE DATABASE IF NOT EXISTS default")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
