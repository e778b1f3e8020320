"""Plumbing and contracts that every service uses. No business word outside `events/` and `vendors/`."""

__version__ = "0.1.0"
