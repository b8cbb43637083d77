"""Empties the buckets of an environment that keeps nothing, when its stack is deleted."""
