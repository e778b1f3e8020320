"""Decides, never does: frozen values and functions over the standard library; `now` is a parameter."""
