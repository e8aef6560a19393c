"""Legacy filters: the flat `filters` of older insights, as the query that they mean. Pure functions on JSON.

    query = convert_filters({"insight": "TRENDS", "events": [{"id": "$pageview"}], "date_from": "-30d"})

Nothing is validated here: a value of a wrong type or an unknown name goes into the query, whose runner refuses it with
its path. So the conversion never fails, and nothing that a result depends on is left out of it.
"""
