"""The context of a query, read from the database for a query worker."""

from django.utils.timezone import now

from events.readers import read_property_types, read_store_id, read_tables
from queries.execution import Task
from queries.runners.context import QueryContext, TableDescription, build_property_types
from queries.services.queue import Claim
from users.models import Project


def build_query_context(project: Project) -> QueryContext:
    """Return the context in which a query is run now."""
    names = read_property_types(project.pk)
    return QueryContext(
        project.pk,
        time_zone=project.timezone,
        week_start_day=project.week_start_day,
        now=now(),
        property_types=build_property_types(names.event, names.person),
        tables=tuple(TableDescription(*table) for table in read_tables(project.pk)),
        test_account_filters=project.test_account_filters,
    )


def build_task(claim: Claim, seconds: float) -> Task:
    """Return the task of a claimed query. Raises NoData before the first import."""
    store_id = read_store_id()
    return Task(claim.lease_id, claim.query, build_query_context(claim.project), store_id, seconds)
