"""Differential tests: the results of random queries, compared with brute force in plain Python.

SEED is the seed of the random numbers, and is part of the message of a failure. DIFFERENTIAL_COUNT is the number of
queries, and CHECK_FULL=1 multiplies the usual number by five.
"""
