"""Let a run's data through, or quarantine what validation refused and end the run."""
