"""Every reach into MiniStack's internals, and the check that they are still where we reach."""
