"""Forms of the console: their fields as texts, made from stored JSON and written back to it. Pure functions.

A form is a dictionary of texts by the names of its fields, `Values`. A part of the JSON that the user did not change
remains exactly as it was stored, even if the form cannot show all of it.
"""
