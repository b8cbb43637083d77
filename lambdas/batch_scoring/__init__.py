"""Score whole files with the champion: what is scored, and whether all of it was."""
