"""Runners, which compile the JSON of a query into one statement, and convert its rows to the body of a response.

    check_query_kind(source)                                   # in a request: kinds.py imports no compiler
    compiled = compile_query(source, context, read_rows)       # in a query worker: compile.py
    body = compiled.shape(types, rows)

This package does not depend on models, HTTP or an engine.
"""
