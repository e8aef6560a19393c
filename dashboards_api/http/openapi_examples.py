"""Examples of requests and responses in the OpenAPI document.

`python -m tests.docs.update` records the examples from docs/api/, and a test checks that they are up to date.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# By operation id: `request` and `response`, if the operation has such bodies, and `status`.
FILE = Path(__file__).with_suffix(".json")


def document_examples(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add each example to the components once, and to its operation on both prefixes as a reference."""
    examples = json.loads(FILE.read_text())
    found = result["components"]["examples"] = {}
    for methods in result["paths"].values():
        for operation in methods.values():
            name = operation["operationId"].removeprefix("environments_")
            for kind, content in find_bodies(operation, examples.get(name, {})):
                found[f"{name}_{kind}"] = {"value": examples[name][kind]}
                content["examples"] = {"example": {"$ref": f"#/components/examples/{name}_{kind}"}}
    return result


def find_bodies(operation: dict[str, Any], example: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `request` and `response`, if they have an example, each with the documented body of the operation."""
    if "request" in example:
        yield "request", operation["requestBody"]["content"]["application/json"]
    if "response" in example:
        yield "response", operation["responses"][example["status"]]["content"]["application/json"]
