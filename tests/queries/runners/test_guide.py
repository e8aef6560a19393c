"""The example of the user guide runs, and the guide names the operators, types and limits of filters."""

import json
import re
from pathlib import Path

from queries.runners.filters import EXPRESSION, PROPERTY_TYPES
from queries.runners.json_values import MAX_CHARACTERS, MAX_VALUES
from queries.runners.operators import OPERATORS
from tests.queries.hogql.store import Store
from tests.queries.runners.helpers import run

GUIDE = (Path(__file__).parents[3] / "docs/user-guide/hogql.md").read_text()


def test_example_runs(store: Store) -> None:
    [example] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    # On 29 and 30 March: pageviews of Firefox and of a browser without a name, and both purchases.
    assert run(store, json.loads(example))["results"] == [["$pageview", 2], ["purchase", 2]]


def test_guide_names_each_operator_type_and_limit() -> None:
    for name in (*OPERATORS, *PROPERTY_TYPES, EXPRESSION):
        assert f"`{name.removesuffix('_multi')}`" in GUIDE
    for limit in (MAX_VALUES, MAX_CHARACTERS):
        assert f"{limit:,}" in GUIDE
