"""What an Arrow stream says of its own sizes, checked before memory is taken for them.

https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format
"""

import struct

from ml.serving.limits import BadRequest

_GOES_ON = -1
"""Before each length since version 0.15 of the format."""
_BODY_LENGTH = 4 + 2 * 3
"""Where a Message's table of fields says where its fourth one, bodyLength, lies.

https://github.com/apache/arrow/blob/main/format/Message.fbs
"""


def check_messages(stream: bytes) -> None:
    """Refuse a stream whose messages would be longer than it is."""
    place = 0
    try:
        while place < len(stream):
            length = _number("<i", stream, place)
            place += 4
            if length == _GOES_ON:
                length = _number("<i", stream, place)
                place += 4
            if length == 0:
                return
            if not 0 < length <= len(stream) - place:
                raise _broken(f"a message of {length} bytes, {len(stream) - place} are left")
            body = _body_length(stream[place : place + length])
            place += length
            if not 0 <= body <= len(stream) - place:
                raise _broken(f"a body of {body} bytes, {len(stream) - place} are left")
            place += body
    except struct.error:
        raise _broken("a message that it does not hold") from None


def _body_length(message: bytes) -> int:
    table = _number("<I", message, 0)
    fields = table - _number("<i", message, table)
    if _number("<H", message, fields) <= _BODY_LENGTH:
        return 0
    offset = _number("<H", message, fields + _BODY_LENGTH)
    return _number("<q", message, table + offset) if offset else 0


def _number(form: str, content: bytes, place: int) -> int:
    if place < 0:
        raise struct.error
    return int(struct.unpack_from(form, content, place)[0])


def _broken(said: str) -> BadRequest:
    return BadRequest(f"the body cannot be taken as arrow: it announces {said}")
