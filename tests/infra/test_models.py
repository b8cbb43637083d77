"""One folder per model: what adding one changes, and what it does not."""

import shutil
from pathlib import Path

import pytest

from infra import platform
from infra.settings import SettingsError
from tests.infra.support import Templates, resources, synthesize

CHURN = next(path for path in platform.model_folders() if path.name == "churn")


def variant(tmp_path: Path, *changes: tuple[str, str], more: str = "") -> Path:
    """A copy of the churn model's folder with another card, to which ``more`` is added."""
    folder = tmp_path / "copy"
    shutil.copytree(CHURN, folder, ignore=shutil.ignore_patterns("__pycache__"))
    card = (folder / "card.toml").read_text()
    for before, after in changes:
        assert before in card
        card = card.replace(before, after)
    (folder / "card.toml").write_text(f"{card}\n{more}")
    return folder


@pytest.mark.slow
def test_a_second_model_changes_no_byte_of_the_first(dev: Templates, tmp_path: Path) -> None:
    second = variant(tmp_path, ('name = "churn"', 'name = "second"'))
    both = synthesize("dev", folders=[*platform.model_folders(), second])
    assert both["perennial-dev-second"] != dev["perennial-dev-churn"]
    assert both["perennial-dev-churn"] == dev["perennial-dev-churn"]
    assert both["perennial-dev-operations"] == dev["perennial-dev-operations"]
    assert both["perennial-dev-storage"] == dev["perennial-dev-storage"]


@pytest.mark.parametrize(
    ("trigger", "rule"), [("on_drift", "OnDrift"), ("on_new_data", "OnNewData")]
)
@pytest.mark.slow
def test_a_trigger_that_the_card_turns_off_has_no_rule(
    trigger: str, rule: str, dev: Templates, tmp_path: Path
) -> None:
    folder = variant(tmp_path, more=f"[triggers]\n{trigger} = false\n")
    quiet = synthesize("dev", folders=[folder])["perennial-dev-churn"]

    def rules(template: dict) -> list[str]:
        return [name for name in resources(template, "AWS::Events::Rule") if rule in name]

    assert rules(dev["perennial-dev-churn"]) != []
    assert rules(quiet) == []


def test_models_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    shutil.copytree(CHURN, tmp_path / "models" / "churn")
    assert platform.model_folders(str(tmp_path / "models")) == [tmp_path / "models" / "churn"]


def test_a_folder_of_models_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"models must be a folder .*, got .*nowhere"):
        platform.model_folders(str(tmp_path / "nowhere"))


def test_one_model_may_be_synthesized_alone() -> None:
    assert platform.model_folders(only="churn") == [CHURN]
    with pytest.raises(SettingsError, match=r"model must be one of churn, .*, got 'chum'"):
        platform.model_folders(only="chum")
