"""A drill for each alarm: its cause sets it off, and its runbook's commands end it."""
