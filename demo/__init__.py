"""The replay of a real year in minutes, on an embedded account, through the real stacks."""
