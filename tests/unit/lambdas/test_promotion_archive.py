"""An archive is refused by its headers: nothing of it is unpacked to find out."""

import gzip
import io
import tarfile

import pytest

from lambdas.promotion import archive


def _archive(*members: tarfile.TarInfo) -> bytes:
    content = b"".join(each.tobuf() + bytes(-(-each.size // 512) * 512) for each in members)
    return gzip.compress(content + bytes(1024))


def _member(name: str, size: int = 10, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member


def test_a_few_plain_files_may_be_unpacked() -> None:
    assert archive.what_is_wrong(io.BytesIO(_archive(_member("a"), _member("b")))) is None


def test_an_archive_that_unpacks_to_more_than_a_model_is_refused_by_its_header() -> None:
    header = _member("weights.bin", archive.MAX_BYTES + 1).tobuf()
    # What the header promises is not even there.
    wrong = archive.what_is_wrong(io.BytesIO(gzip.compress(header)))
    assert wrong is not None
    assert "more than 100 files or 2147483648 bytes" in wrong
    assert "'weights.bin' alone 2147483649" in wrong


def test_an_archive_of_very_many_files_is_refused() -> None:
    many = (_member(f"file-{number}", 0) for number in range(archive.MAX_FILES + 1))
    assert "more than 100 files" in str(archive.what_is_wrong(io.BytesIO(_archive(*many))))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE])
def test_what_is_no_plain_file_is_refused(kind: bytes) -> None:
    wrong = archive.what_is_wrong(io.BytesIO(_archive(_member("model.onnx", 0, kind))))
    assert wrong == "its archive holds 'model.onnx', which is no plain file"


@pytest.mark.parametrize("spoil", [lambda whole: whole[: len(whole) // 2], lambda _: b"no archive"])
def test_an_archive_that_cannot_be_read_is_refused(spoil) -> None:
    body = io.BytesIO(spoil(_archive(_member("a", 100_000), _member("b", 100_000))))
    assert str(archive.what_is_wrong(body)).startswith("its archive cannot be read: ")
