"""The image's descriptions agree: the build file copies what each lists, only the lock differs."""

import re
import tomllib
from pathlib import Path

import pytest

ML = Path(__file__).parents[3] / "ml"
LOCKS = {"image.toml": "requirements/ml.txt", "image-torch.toml": "requirements/torch.txt"}
BUILD = (ML / "Dockerfile").read_text()


def sources(description: str) -> set[str]:
    return set(tomllib.loads((ML / description).read_text())["sources"])


@pytest.mark.parametrize(("description", "lock"), LOCKS.items())
def test_the_build_file_copies_what_a_description_lists(description: str, lock: str) -> None:
    copied = set(re.findall(r"^COPY (\S+) ", BUILD, re.MULTILINE)) - {"${LOCK}", "ml/*.py"}
    modules = {f"ml/{path.name}" for path in ML.glob("*.py")}
    assert sources(description) == copied | modules | {lock}


def test_the_build_file_takes_the_standard_lock_unless_told() -> None:
    assert "ARG LOCK=requirements/ml.txt" in BUILD


def test_the_variants_start_alike() -> None:
    entrypoints = [tomllib.loads((ML / each).read_text())["entrypoint"] for each in LOCKS]
    assert entrypoints[0] == entrypoints[1]
    assert f"ENTRYPOINT {str(entrypoints[0]).replace(chr(39), chr(34))}" in BUILD


def test_the_variants_hold_the_same_versions_of_what_both_hold() -> None:
    standard, torch = (
        dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", (ML.parent / lock).read_text(), re.MULTILINE))
        for lock in LOCKS.values()
    )
    assert standard.items() <= torch.items()
