"""Decide whether a cause may start a retraining run, and start it once."""
