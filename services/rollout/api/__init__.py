"""The REST routes: parse, one use case, answer."""
