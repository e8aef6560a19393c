from queries.models.query_reference import QueryReference
from queries.models.query_result import QueryResult, QueryResultQuerySet, ResultVersion

__all__ = ["QueryReference", "QueryResult", "QueryResultQuerySet", "ResultVersion"]
