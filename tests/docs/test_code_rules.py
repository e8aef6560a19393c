"""Code rules that no linter checks: sizes, layers, and reasons for ignored warnings."""

import ast
import re
from functools import cache
from pathlib import Path
from statistics import median

from tests.docs.test_vocabulary import ROOT, find_python_files

PRODUCT = ("dashboards_api/", "users/", "engine/", "events/", "queries/", "dashboards/", "pages/")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_FUNCTION_LINES_MEDIAN = 8
MAX_SERVICE_LAYERS = 7
IGNORE = re.compile(r"#\s*(?:type: ignore\[[^\]]*\]|noqa: [A-Z0-9, ]+?)\s*$")


def read_lines(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


def measure_functions(name: str) -> dict[str, int]:
    """Return the number of lines of each function in a file."""
    tree = ast.parse((ROOT / name).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f"{name}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}


def test_files_are_short() -> None:
    lengths = {name: len(read_lines(name)) for name in find_python_files()}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    product = [name for name in find_python_files() if name.startswith(PRODUCT)]
    lengths = {function: length for name in product for function, length in measure_functions(name).items()}
    assert {function: length for function, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}
    assert median(lengths.values()) <= MAX_FUNCTION_LINES_MEDIAN


def test_ignored_warnings_have_a_reason() -> None:
    found = [
        f"{name}:{number}"
        for name in find_python_files()
        for number, line in enumerate(read_lines(name), start=1)
        if IGNORE.search(line)
    ]
    assert found == []


def test_services_of_dashboards_have_few_layers() -> None:
    folder = ROOT / "dashboards" / "services"
    imports = {path.stem: find_service_imports(path) for path in folder.glob("*.py")}

    @cache
    def depth(module: str) -> int:
        return 1 + max((depth(imported) for imported in imports[module]), default=0)

    depths = {module: depth(module) for module in imports}
    assert {module: layer for module, layer in depths.items() if layer > MAX_SERVICE_LAYERS} == {}


def find_service_imports(path: Path) -> set[str]:
    return set(re.findall(r"^from dashboards\.services\.(\w+) import", path.read_text(), re.MULTILINE))
