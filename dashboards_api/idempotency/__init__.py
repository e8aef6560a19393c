"""Support for `Idempotency-Key`: a POST that is sent again with the same key has one effect and one response.

It follows the IETF draft "The Idempotency-Key HTTP Header Field". `viewsets` reads the header, `store` keeps responses,
and `models` holds their table, which belongs to the application `users`.
"""
