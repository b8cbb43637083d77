"""Stand-alone HTML pages: one file, no script, nothing from outside; they do not know the demo."""
