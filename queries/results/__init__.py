"""Conversion of the rows of a statement to the objects of a response. Gaps are filled, and intervals are labeled.

This package does not depend on models, HTTP or an engine.
"""
