"""Names and shapes that template, handler, container and command line share; stdlib only."""
