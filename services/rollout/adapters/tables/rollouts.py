"""Rollouts, plans, waves, holds, sign-offs, freezes, evidence and the timeline."""
