"""A query that is compiled again, because a materialized column was dropped after the first compilation."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.embedded_client import EmbeddedClient
from engine.files import FOLDER
from engine.interface import EngineClient, Result
from engine.materialized_columns import add_materialized_columns, drop_materialized_columns
from queries import execution
from queries.services.contexts import build_task
from tests.queries.hogql.store import EVENT_COLUMNS, build_event
from tests.queries.rows import claim, request
from users.models import Project

TEXT = "select properties.$browser, count() from events group by 1 order by 1"


class DroppingClient(EmbeddedClient):
    """A client that drops the column of a property before the first statement that reads it."""

    dropped = 0

    def read(self, sql: str, *arguments: Any, **options: Any) -> Result:
        if "`mat_$browser`" in sql:
            self.dropped += 1
            drop_materialized_columns(EmbeddedClient(self.folder), ["$browser"])
        return super().read(sql, *arguments, **options)


@pytest.mark.django_db(transaction=True)
def test_query_is_compiled_again_without_a_dropped_column(
    store: EngineClient, shared_data_dir: Path, home: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.insert_rows("events", EVENT_COLUMNS, [build_event(home.pk, "", number) for number in range(4)])
    add_materialized_columns(store, ["$browser"])
    client = DroppingClient(shared_data_dir / FOLDER)
    monkeypatch.setattr(execution, "get_client", lambda *, may_start: client)
    request(home, TEXT)
    task = build_task(claim(), 10)
    answer = execution.run_task(task)
    assert (answer.error, orjson.loads(answer.results)) == (None, [["Firefox", 2], ["Safari", 1], [None, 1]])
    assert client.dropped == 1
