"""Which of our content types a caller's Accept header asks for.

https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.serving.limits import BadRequest, shown

_ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    kind: str
    subkind: str
    quality: float

    def matches(self, content_type: str) -> bool:
        kind, _, subkind = content_type.partition("/")
        return self.kind in (_ANY, kind) and self.subkind in (_ANY, subkind)

    @property
    def precision(self) -> int:
        return (self.kind != _ANY) + (self.subkind != _ANY)


def choose(accept: str, offered: Sequence[str]) -> str:
    """Return the offered type of the highest quality; of equals the one named first.

    >>> choose("text/csv;q=0.5, application/*", ("application/json", "text/csv"))
    'application/json'
    >>> choose("", ("application/json", "text/csv"))
    'application/json'
    """
    ranges = [found for part in accept.split(",") if (found := _range(part)) is not None]
    if not ranges and not accept.strip():
        return offered[0]
    best: tuple[float, int] = (0, 1)
    chosen: str | None = None
    for content_type in offered:
        matching = [
            (r.precision, -place) for place, r in enumerate(ranges) if r.matches(content_type)
        ]
        if not matching:
            continue
        # The most precise range says how much a type is liked, and where it stands.
        place = -max(matching)[1]
        rank = (ranges[place].quality, -place)
        if ranges[place].quality > 0 and (chosen is None or rank > best):
            best, chosen = rank, content_type
    if chosen is None:
        raise BadRequest(f"accept must allow one of {', '.join(offered)}, got {shown(accept)}", 406)
    return chosen


def _range(part: str) -> _Range | None:
    kinds, *parameters = part.split(";")
    kind, slash, subkind = kinds.strip().lower().partition("/")
    if not slash or not kind or not subkind:
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = _quality(value.strip())
    return _Range(kind=kind, subkind=subkind, quality=quality)


def _quality(text: str) -> float:
    """A quality that cannot be read counts as none was given."""
    try:
        value = float(text)
    except ValueError:
        return 1.0
    return value if 0 <= value <= 1 else 1.0
