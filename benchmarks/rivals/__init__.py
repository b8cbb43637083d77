"""Servers that ours is measured beside, each as its own documentation would have it."""
