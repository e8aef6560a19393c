"""Computation of results from query JSON and HogQL."""
