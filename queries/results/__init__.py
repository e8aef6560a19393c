"""Results: from the rows of a statement to the objects of a response. Gaps are filled here, and intervals are labelled.

Nothing here knows models, HTTP or an engine.
"""
