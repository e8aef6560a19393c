"""`python -m tests.docs.update [PAGE …]` updates the documented responses.

The command runs the examples of docs/api/ and writes their responses into the pages, and the examples of the OpenAPI
document into dashboards_api/http/openapi_examples.json. Omitted parts of a response stay omitted. In a new example,
write `{"id": 0, // …` and `}` on two lines to show only the id, or `0` to show the whole response. Review the diff.
"""

import sys
import tempfile
from pathlib import Path

from tests.docs.api_examples import read_api_examples, write_api_examples
from tests.docs.examples import MORE_PAGES, PAGES, read_examples
from tests.docs.runner import PageRunner, update_page
from tests.live.conftest import Service, empty_database


def main(names: list[str]) -> None:
    all_pages = [page for page in [*sorted(PAGES.glob("*.md")), *MORE_PAGES] if read_examples(page)]
    pages = [page for page in all_pages if not names or page.name in names]
    api_examples = read_api_examples()
    for page in pages:
        with tempfile.TemporaryDirectory() as folder, empty_database(Path(folder) / "data") as environment:
            service = Service(environment, Path(folder) / "log").wait()
            try:
                runner = PageRunner(environment, service.base, service.printed_keys[0], Path(folder))
                update_page(runner, page, api_examples)
            finally:
                service.stop()
    write_api_examples(api_examples)


if __name__ == "__main__":
    main(sys.argv[1:])
