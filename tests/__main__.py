"""The whole suite on SQLite, then on a PostgreSQL server: `python -m tests [--engine NAME] [arguments for pytest]`.

Each database engine has a separate process, because settings are read once. A run on the wrong engine fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile

from tests.postgres import use_server

ENGINES = ("sqlite", "postgresql")


def run_engine(engine: str, arguments: list[str]) -> bool:
    """Run the suite on one engine, and return whether it passed. "No tests collected" counts as a failure."""
    print(f"\n== {engine}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tests-") as data:
        environment = os.environ | {"TEST_ENGINE": engine, "DATA_DIR": data, "LOG_LEVEL": "WARNING"}
        for name in ("DATABASE_URL", "PUBLIC_URL", "ALLOWED_HOSTS", "DEBUG", "SECRET_KEY"):
            environment.pop(name, None)
        command = [sys.executable, "-m", "pytest", "--numprocesses=auto", "--dist=worksteal", *arguments]
        if engine == "sqlite":
            return subprocess.run(command, env=environment).returncode == 0
        with use_server() as url:
            return subprocess.run(command, env=environment | {"DATABASE_URL": url}).returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append")
    options, arguments = parser.parse_known_args()
    results = {engine: run_engine(engine, arguments) for engine in options.engine or ENGINES}
    print("\n" + ", ".join(f"{engine}: {'passed' if passed else 'FAILED'}" for engine, passed in results.items()))
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
