"""Differential tests: the answers of compiled queries to random questions, against brute force in plain Python.

SEED is the seed of the random numbers; the one of a failure is in its message. DIFFERENTIAL_COUNT is the number of
queries, and CHECK_FULL=1 asks for five times as many as usual.
"""
