"""Mergeable sketches of one window of data: what is kept of each feature, in bounded memory.

Values and their merging (``features``, ``numeric``, ``categorical``, ``window``, ``document``) need
the standard library alone, so that whoever only reads or merges sketches imports nothing else;
counting rows (``rows``, ``counting``, ``baseline``) needs numpy.
"""
