import gzip
import io
import tarfile
from hashlib import sha256

import pytest

from contracts import archive
from contracts.errors import ContractError


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as file:
        for member, content in members:
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))
    whole.seek(0)
    return whole


def plain(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def test_every_file_is_hashed_and_those_asked_for_are_kept() -> None:
    stream = packed(plain("./a", b"1"), plain("b", b"2"))
    whole = stream.getvalue()

    found = archive.read(stream, "x", keep=("a", "gone"))

    assert found.sha256 == sha256(whole).hexdigest()
    assert found.files == {"a": sha256(b"1").hexdigest(), "b": sha256(b"2").hexdigest()}
    assert found.kept == {"a": b"1"}


def link(name: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member, b""


@pytest.mark.parametrize(
    "member",
    [
        plain("/etc/x", b""),
        plain("a/../../x", b""),
        link("x", tarfile.SYMTYPE),
        link("x", tarfile.LNKTYPE),
        link("x", tarfile.FIFOTYPE),
    ],
)
def test_what_is_no_plain_file_below_the_archive_is_refused(
    member: tuple[tarfile.TarInfo, bytes],
) -> None:
    with pytest.raises(ContractError, match="no plain file below it"):
        archive.read(packed(member), "x")


def test_too_many_files_are_refused() -> None:
    members = [plain(str(number), b"") for number in range(archive.MAX_FILES + 1)]
    with pytest.raises(ContractError, match="holds more than 100 files"):
        archive.read(packed(*members), "x")


def test_a_name_that_comes_twice_is_refused() -> None:
    with pytest.raises(ContractError, match="holds a twice"):
        archive.read(packed(plain("a", b"1"), plain("./a", b"2")), "x")


def test_a_size_that_the_header_claims_is_enough_to_refuse() -> None:
    member = tarfile.TarInfo("a")
    member.size = archive.MAX_BYTES + 1
    with pytest.raises(ContractError, match="holds more than"):
        archive.read(io.BytesIO(gzip.compress(member.tobuf())), "x")


@pytest.mark.parametrize(
    "content",
    [b"no archive", b"", gzip.compress(b"no tar" * 200, mtime=0)],
    ids=["text", "nothing", "a gzip of no tar"],
)
def test_what_is_no_archive_is_named(content: bytes) -> None:
    with pytest.raises(ContractError, match="s3://a/b cannot be read"):
        archive.read(io.BytesIO(content), "s3://a/b")


def test_an_archive_that_is_cut_off_is_named() -> None:
    whole = packed(plain("a", bytes(range(256)) * 40)).getvalue()
    with pytest.raises(ContractError, match="cannot be read"):
        archive.read(io.BytesIO(whole[: len(whole) // 2]), "x")
