"""Spreadsheets in the format that the superior asks for: what a column holds, formats under a name, files made by a worker."""
