from queries.models.query_result import QueryResult, QueryResultQuerySet, ResultVersion

__all__ = ["QueryResult", "QueryResultQuerySet", "ResultVersion"]
