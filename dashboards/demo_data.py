"""The data of the demo project: events up to now, and the results of its dashboards."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings

from dashboards.models import Dashboard
from dashboards.readers.dashboards import read_dashboard_revision
from dashboards.services.demo_events import DAYS, write_events
from engine.errors import EngineError
from engine.interface import EngineClient
from events.services.imports import Importer
from events.services.rows import EVENTS
from events.services.source_files import BadFile
from events.services.staging import import_lock
from events.services.store import create_store_if_missing
from queries.refresh import Refresh
from queries.services.results import RefreshRequest, Results
from users.models import Membership, Project

ENGINE_OFF = "With ENGINE=off, the demo has no events, and its insights have no results."
LAST_DAY = """
    SELECT uniqExact(toDate(timestamp, 'UTC')),
        dateDiff('day', min(timestamp), max(timestamp)) + 1,
        toDate(max(timestamp), 'UTC')
    FROM events WHERE project_id = {project:Int64}
"""


def fill_demo_project(project: Project, now: datetime) -> str:
    """Import the demo events until `now`, request the results of the dashboards, and return a one-line report.

    Days that are already imported are skipped. If the import fails, the report contains the reason.
    """
    if not settings.ENGINE:
        return ENGINE_OFF
    try:
        count = import_demo_events(project, now)
    except (EngineError, BadFile, OSError) as error:
        return f"The events of the demo cannot be imported: {error}"
    request_demo_results(project)
    return f"Imported {count:,} events of the demo." if count else "The events of the demo are already imported."


def import_demo_events(project: Project, now: datetime) -> int:
    """Import the events of the missing days, and return the number of events. Raises EngineError and BadFile.

    The last day with events is imported again, because its events may be incomplete. Existing rows are replaced with
    identical rows.
    """
    client = create_store_if_missing()
    today = now.astimezone(UTC).date()
    first = find_last_day(client, project) or today - timedelta(days=DAYS)
    if first >= today:
        return 0
    with import_lock(lambda: None), tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as folder:
        path = Path(folder) / "demo.jsonl"
        with path.open("wb") as file:
            file.writelines(write_events(first, now))
        return Importer(client, EVENTS, project.pk).import_file(path).rows


def find_last_day(client: EngineClient, project: Project) -> date | None:
    """Return the last day with events, or None if earlier days are missing, as after an interrupted import."""
    [[days, span, last]] = client.read(LAST_DAY, {"project": project.pk}).rows
    return date.fromisoformat(last) if days >= DAYS and days == span else None


def request_demo_results(project: Project) -> None:
    """Queue the results of the dashboards, so that the query worker computes them as soon as it runs."""
    viewer = Membership.objects.filter(project=project).select_related("project", "user").order_by("pk").first()
    if viewer is None:
        return
    for dashboard in Dashboard.objects.in_project(project).not_deleted():
        results = Results(project, RefreshRequest(Refresh.ASYNC))
        read_dashboard_revision(dashboard.pk, project=project, viewer=viewer, results=results)
