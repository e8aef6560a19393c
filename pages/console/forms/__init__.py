"""Forms of the console: their fields as texts, made from stored JSON and written back to it. Pure functions.

A form is a dictionary of texts by the names of its fields, `Values`. A part of the JSON that the user did not change
stays exactly as it was stored, also where the form cannot show all of it.
"""
