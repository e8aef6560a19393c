"""`python -m tests.go_client TOOLS` generates, builds and vets the Go client of openapi.yaml.

TOOLS is a virtual environment with the generator (a jar that needs Java) and the Go toolchain. Nothing is downloaded,
since the only import outside Go's standard library is replaced by a stub.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "openapi.yaml"
MODULE = "gopkg.in/validator.v2"
STUB = "package validator\n\nfunc Validate(v interface{}) error { return nil }\n"


def main() -> None:
    tools = Path(sys.argv[1]).absolute()
    with tempfile.TemporaryDirectory() as folder:
        client = Path(folder, "client")
        generate(tools, client)
        stub_import(client, Path(folder, "stub"))
        for verb in ("build", "vet"):
            run(tools, [str(tools / "bin" / "go"), verb, "./..."], cwd=client)
        files = list(client.glob("*.go"))
    print(f"The Go client builds and go vet has nothing to say: {len(files)} files.")


def generate(tools: Path, client: Path) -> None:
    """Generate the client without its tests, which import a package for assertions."""
    generator = str(tools / "bin" / "openapi-generator-cli")
    options = ["--package-name", "dashboards", "--global-property", "apiTests=false,modelTests=false"]
    run(tools, [generator, "generate", "-g", "go", "-i", str(DOCUMENT), "-o", str(client), *options])
    shutil.rmtree(client / "test", ignore_errors=True)


def stub_import(client: Path, stub: Path) -> None:
    """Replace the module that the client imports with a stub."""
    stub.mkdir()
    (stub / "go.mod").write_text(f"module {MODULE}\n\ngo 1.23\n")
    (stub / "validator.go").write_text(STUB)
    with (client / "go.mod").open("a") as module:
        module.write(f"\nreplace {MODULE} => {stub}\n")


def run(tools: Path, command: list[str], cwd: Path | None = None) -> None:
    """Run a command. If it fails, print its output and exit."""
    go = {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "GOCACHE": str(tools / "go-cache")}
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **go, "CGO_ENABLED": "0"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout.decode()}")


if __name__ == "__main__":
    main()
