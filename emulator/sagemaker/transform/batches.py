"""An input object cut into what each request carries, and the answers put together again.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformOutput.html
"""

from collections.abc import Iterable, Iterator

from emulator.sagemaker.transform.settings import MEGABYTE, Settings


class TooLarge(Exception):
    """A record, or an object that is not split, above MaxPayloadInMB."""


def batches_of(body: bytes, *, by_line: bool, settings: Settings) -> Iterator[bytes]:
    """Yield the payloads of ``body``: the object, each of its lines, or as many as fit."""
    if not by_line:
        yield _fitting(body, settings)
    elif settings.strategy == "SINGLE_RECORD":
        for record in _records(body):
            yield _fitting(record, settings)
    else:
        yield from _filled(_records(body), settings)


def assembled(answers: Iterable[bytes], *, by_line: bool) -> bytes:
    if not by_line:
        return b"".join(answers)
    return b"".join(answer if answer.endswith(b"\n") else answer + b"\n" for answer in answers)


def _records(body: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(body):
        end = body.find(b"\n", start)
        end = len(body) if end < 0 else end
        record = body[start:end]
        if record.strip():
            yield record
        start = end + 1


def _filled(records: Iterable[bytes], settings: Settings) -> Iterator[bytes]:
    """Yield as many records at a time as the payload holds, each with its newline."""
    most = settings.payload_mb * MEGABYTE
    batch: list[bytes] = []
    size = 0
    for record in records:
        grown = len(_fitting(record, settings)) + 1
        if batch and most and size + grown > most:
            yield b"\n".join(batch) + b"\n"
            batch, size = [], 0
        batch.append(record)
        size += grown
    if batch:
        yield b"\n".join(batch) + b"\n"


def _fitting(payload: bytes, settings: Settings) -> bytes:
    if settings.payload_mb and len(payload) > settings.payload_mb * MEGABYTE:
        raise TooLarge(
            f"a payload of {len(payload)} bytes exceeds MaxPayloadInMB ({settings.payload_mb})"
        )
    return payload
