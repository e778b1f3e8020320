"""Plumbing and contracts that every service uses. No business word outside `events/` and `vendors/`."""
