"""Deployment lifetimes: what is created, updated and deleted together."""
