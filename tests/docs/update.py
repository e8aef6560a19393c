"""`python -m tests.docs.update [PAGE …]` runs the examples of docs/api/ and writes their answers into the pages.

What a page leaves out stays left out: in a new answer write `{"id": 0, // …}`, or `0` for all of it. Look at the diff.
"""

import sys
import tempfile
from pathlib import Path

from tests.docs.examples import MORE_PAGES, PAGES, read_examples
from tests.docs.runner import PageRunner, update_page
from tests.live.conftest import Service, empty_database


def main(names: list[str]) -> None:
    all_pages = [page for page in [*sorted(PAGES.glob("*.md")), *MORE_PAGES] if read_examples(page)]
    pages = [page for page in all_pages if not names or page.name in names]
    for page in pages:
        with tempfile.TemporaryDirectory() as folder, empty_database(Path(folder) / "data") as environment:
            service = Service(environment, Path(folder) / "log").wait()
            try:
                update_page(PageRunner(environment, service.base, service.printed_keys[0], Path(folder)), page)
            finally:
                service.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
