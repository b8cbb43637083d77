"""Fix what one run may read: every file's version and sha256, under one digest."""
