"""Alarms that really evaluate, on the account's clock."""
