"""Tests, by what they need: unit, infra (synthesis), system (the embedded account), drills."""
