"""Keeping tickets the same here and at outside helpdesks."""
