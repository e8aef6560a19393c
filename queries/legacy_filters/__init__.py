"""Conversion of legacy filters, the flat `filters` of older insights, to queries. Pure functions on JSON.

    query = convert_filters({"insight": "TRENDS", "events": [{"id": "$pageview"}], "date_from": "-30d"})

The conversion does not validate values. A value of a wrong type or an unknown name is copied into the query, whose
runner reports the path of the value. Therefore, the conversion never fails, and keeps all values that a result depends
on.
"""
