"""Checkpoints are whole or ignored, and of one training alone."""

from pathlib import Path

import pytest

from ml.training.checkpoints import Checkpoint, Checkpoints


def saved(folder: Path, *epochs: int, training: str = "a") -> Checkpoints:
    checkpoints = Checkpoints(folder=folder, training=training)
    for epoch in epochs:
        checkpoints.save(Checkpoint(epoch=epoch, content=b"state after %d\n\nof them" % epoch))
    return checkpoints


def test_a_new_training_has_none(tmp_path: Path) -> None:
    assert Checkpoints(folder=tmp_path / "not there", training="a").newest() is None


def test_the_newest_comes_back_with_the_bytes_it_was_given(tmp_path: Path) -> None:
    found = saved(tmp_path, 9, 10, 2).newest()
    assert found == Checkpoint(epoch=10, content=b"state after 10\n\nof them")


def test_the_one_before_is_kept_and_older_ones_are_not(tmp_path: Path) -> None:
    saved(tmp_path, 1, 2, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch-000002.checkpoint",
        "epoch-000003.checkpoint",
    ]


@pytest.mark.parametrize("left", [0, 1, 64, 65, 70, -1])
def test_a_torn_one_is_ignored_aloud_for_the_one_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: int
) -> None:
    checkpoints = saved(tmp_path, 1, 2)
    newest = tmp_path / "epoch-000002.checkpoint"
    newest.write_bytes(newest.read_bytes()[:left])
    found = checkpoints.newest()
    assert found is not None
    assert found.epoch == 1
    assert "epoch-000002.checkpoint is torn or changed, and ignored" in capsys.readouterr().out


def test_one_flipped_bit_is_noticed(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 1)
    path = tmp_path / "epoch-000001.checkpoint"
    content = bytearray(path.read_bytes())
    for place in range(0, len(content), 7):
        content[place] ^= 4
        path.write_bytes(content)
        assert checkpoints.newest() is None
        content[place] ^= 4


def test_a_name_that_claims_more_epochs_than_were_done_is_noticed(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 1)
    (tmp_path / "epoch-000001.checkpoint").rename(tmp_path / "epoch-000007.checkpoint")
    assert checkpoints.newest() is None


def test_another_trainings_checkpoints_are_no_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path, 1, 2, training="b")
    assert Checkpoints(folder=tmp_path, training="a").newest() is None
    assert "is of another training, and ignored" in capsys.readouterr().out


def test_what_was_being_written_is_no_checkpoint(tmp_path: Path) -> None:
    checkpoints = saved(tmp_path, 1)
    (tmp_path / "epoch-000002.part").write_bytes(b"half of it")
    found = checkpoints.newest()
    assert found is not None
    assert found.epoch == 1
