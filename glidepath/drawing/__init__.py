"""Answers of the API drawn for a terminal: rich in, nothing fetched, nothing decided."""
