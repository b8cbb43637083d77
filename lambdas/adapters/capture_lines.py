"""Split a stream into lines, in bounded memory however long a line is."""

from collections.abc import Iterable, Iterator

LONGEST = 16 << 20
"""More than a capture of the largest request and answer that InvokeEndpoint takes (6 MB each)."""


def lines_of(chunks: Iterable[bytes], *, longest: int = LONGEST) -> Iterator[bytes | None]:
    """Yield each line without its end; None stands for one longer than ``longest``.

    >>> list(lines_of([b"one\\ntw", b"o\\n", b"much too long", b" a line\\nlast"], longest=8))
    [b'one', b'two', None, b'last']
    """
    pending, overlong = bytearray(), False
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            yield (
                None if overlong or len(pending) + len(piece) > longest else bytes(pending + piece)
            )
            pending, overlong = bytearray(), False
        overlong = overlong or len(pending) + len(rest) > longest
        pending = bytearray() if overlong else pending + rest
    if overlong:
        yield None
    elif pending:
        yield bytes(pending)
