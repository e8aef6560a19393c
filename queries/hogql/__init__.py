"""HogQL: source text is parsed into a syntax tree, which is printed as one ClickHouse statement that reads one project.

    query = parse_select(text)                      # parser.py, in a process of its own
    query = replace_placeholders(query, values)     # placeholders.py
    statement = print_query(query, context)         # printer.py

This package does not depend on Django, HTTP or an engine.
"""
