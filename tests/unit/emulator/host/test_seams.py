"""The check of internals names what moved; tried on the standard library's."""

import pytest

from emulator.ministack.seams import Seam


def test_what_is_where_it_was_has_not_moved():
    assert Seam(path="json.decoder:JSONDecoder.decode").moved() is None


@pytest.mark.parametrize(
    ("seam", "problem"),
    [
        (Seam(path="json.absent:load"), "json.absent:load: its module does not import"),
        (Seam(path="json:absent"), "json:absent: 'absent' is gone"),
        (Seam(path="string:hexdigits.absent"), "string:hexdigits.absent: 'absent' is gone"),
        (
            Seam(path="shutil:copyfile", parameters=("src",)),
            "shutil:copyfile: takes ('src', 'dst', 'follow_symlinks') now, we expect ('src',)",
        ),
        (
            Seam(path="shutil:copytree", calls=("scandir", "teleport")),
            "shutil:copytree: no longer uses teleport",
        ),
        (Seam(path="sys:modules.absent", key=True), "sys:modules.absent: 'absent' is gone"),
    ],
)
def test_what_moved_is_named(seam: Seam, problem: str):
    moved = seam.moved()
    assert moved is not None
    assert moved.startswith(problem)


def test_a_method_s_source_is_read_though_it_is_indented():
    assert Seam(path="json.decoder:JSONDecoder.decode", calls=("raw_decode",)).moved() is None
