"""Conversions between stored JSON and the fields of forms of the console. Pure functions.

A form is a dictionary from the names of fields to strings, `Values`. A part of the JSON that the user did not change
remains exactly as it was stored, even if the form cannot represent that part.
"""
