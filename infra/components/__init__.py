"""Capabilities that the stacks compose, one construct each."""
