"""Support for `Idempotency-Key`: a POST that is sent again with the same key has one effect and one response.

The implementation follows the IETF draft "The Idempotency-Key HTTP Header Field". `viewsets` reads the header, `store`
stores the responses, and `models` contains their table, which belongs to the application `users`.
"""
