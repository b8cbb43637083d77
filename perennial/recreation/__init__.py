"""Build a recorded version again from its inputs, and say whether it is the same."""
