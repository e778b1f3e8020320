"""Plans, gates, holds, waves and people as frozen values and pure functions. Standard library only; `now` is a parameter."""
