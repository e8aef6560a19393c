"""The process that runs PostHog's parser, a C++ extension that crashes on some strings and that Python's signal
handlers cannot interrupt. `python -m queries.hogql.parser_server` reads requests and writes responses as lines of JSON.

Each string is parsed in its own forked process, which SIGALRM kills at the deadline. A reused parser becomes slow,
because it caches the parsed strings. After a few hundred strings, eight nested functions take 15 seconds, instead of
0.1 seconds in a new process.
"""

import json
import os
import resource
import signal
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

MAX_MEMORY = 2_000_000_000  # bytes of address space
WARM_UP = "select count() from events"

_MODULES = ("posthog", "posthog.hogql", "posthog.hogql.errors")
_ERRORS = ("SyntaxError", "NotImplementedError", "ParsingError", "BaseHogQLError", "ExposedHogQLError", "QueryError")


def load_library() -> ModuleType:
    """Import the parser, with stubs of the exceptions of PostHog that it imports but never uses for JSON."""
    for name in _MODULES:
        sys.modules[name] = ModuleType(name)
    for name in _ERRORS:
        setattr(sys.modules["posthog.hogql.errors"], name, type(name, (Exception,), {}))
    return import_module("hogql_parser")


def parse_in_fork(library: ModuleType, request: dict[str, Any]) -> dict[str, Any]:
    """Return the tree as the parser's JSON, or the signal that killed the parser."""
    reader, writer = os.pipe()
    if not (pid := os.fork()):
        os.close(reader)
        parse_and_exit(library, request, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        tree = pipe.read()
    _, status = os.waitpid(pid, 0)
    if status:
        return {"tree": None, "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}
    return {"tree": tree.decode(), "signal": 0}


def parse_and_exit(library: ModuleType, request: dict[str, Any], writer: int) -> NoReturn:
    code = 1
    try:
        os.closerange(0, 2)  # close the pipes, so that the client notices the end of the parent process
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        parse = library.parse_expr_json if request["expression"] else library.parse_select_json
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(parse(request["text"]).encode())
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    library = load_library()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    library.parse_select_json(WARM_UP)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(parse_in_fork(library, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
