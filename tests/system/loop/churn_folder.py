"""The churn model's folder as these scenarios need it, and archives of its code that misbehave.

Three settings of the card serve the scenarios, none of them the platform's own code: short waits
(they are of the account's time, but a job's limit is of real time); no daily cap that ten
scenarios in one day would meet; and trees so small (one split each, two of them) that the same
code with more of them is better on any months. So a scenario that needs a better candidate has
one, whatever months the scenarios before it have landed.
"""

import io
import re
import shutil
import zipfile
from pathlib import Path

from emulator.client import PROJECT

MODEL = "churn"
MAX_RUNTIME = 20
"""Real seconds that a training job may run."""

_SETTINGS: dict[str, dict[str, float]] = {
    "hyperparameters": {"max_iter": 2, "max_leaf_nodes": 2},
    "training": {"max_runtime_seconds": MAX_RUNTIME},
    "evaluation": {"bootstrap_samples": 200},
    "gate": {"floor": 0.5},
    "admission": {"cool_down_hours": 1, "daily_cap": 1000, "max_rejected": 1000},
    "drift": {"drifted_share": 0.3},
    # A stump's few scores are no measure of what full trees answer to a month's requests.
    "rollout": {"bake_seconds": 180, "max_prediction_psi": 20, "max_latency_ratio": 50},
}
"""The card's sections, and the numbers that these scenarios put into them."""


def lay_out(models: Path) -> None:
    """Write ``<models>/churn``, as a repository of models outside of ours would have it."""
    folder = models / MODEL
    shutil.copytree(
        PROJECT / "ml" / "workloads" / MODEL, folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    card = (folder / "card.toml").read_text(encoding="utf-8")
    for section, settings in _SETTINGS.items():
        for name, value in settings.items():
            card = put(card, section, f"{name} = {value}")
    (folder / "card.toml").write_text(card, encoding="utf-8")


def put(card: str, section: str, setting: str) -> str:
    """Return the card with ``name = value`` in a section, which it may not have had."""
    name = setting.partition(" = ")[0]
    header = f"[{section}]\n"
    if header not in card:
        return f"{card.rstrip()}\n\n{header}{setting}\n"
    before, _, after = card.partition(header)
    own, opening, rest = after.partition("\n[")
    own = re.sub(rf"(?m)^{name} = .*\n?", "", own)
    return f"{before}{header}{setting}\n{own}{opening}{rest}"


def change(models: Path, changed: Path) -> None:
    """Write the folder as a next release would have it: with another card and other code."""
    shutil.copytree(models, changed)
    card = changed / MODEL / "card.toml"
    text = card.read_text(encoding="utf-8")
    assert text.count("drifted_share = 0.3\n") == 1
    card.write_text(text.replace("drifted_share = 0.3\n", "drifted_share = 0.31\n"))
    with (changed / MODEL / "model.py").open("a", encoding="utf-8") as code:
        code.write("\nRELEASE = 2\n")


def archive(models: Path, model_py: str) -> bytes:
    """Return the folder as a code archive in which ``model.py`` is ``model_py``."""
    content = io.BytesIO()
    folder = models / MODEL
    with zipfile.ZipFile(content, "w") as file:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            name = path.relative_to(folder).as_posix()
            file.writestr(name, model_py if name == "model.py" else path.read_bytes())
    return content.getvalue()


EXITS = """
def build(hyperparameters):
    raise RuntimeError("the trees have no leaves")
"""

IS_KILLED = """
import os, signal

def build(hyperparameters):
    os.kill(os.getpid(), signal.SIGKILL)
"""

HANGS = """
import threading

def build(hyperparameters):
    threading.Event().wait()
"""

FULL_STRENGTH = """
from sklearn.ensemble import HistGradientBoostingClassifier

def build(hyperparameters):
    return HistGradientBoostingClassifier(
        max_iter=100, max_leaf_nodes=8, early_stopping=False, random_state=1
    )
"""

CONTRARY = """
from sklearn.ensemble import HistGradientBoostingClassifier

class Contrary:
    def fit(self, features, labels):
        trees = HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=2, early_stopping=False)
        return trees.fit(features, 1 - labels)

def build(hyperparameters):
    return Contrary()
"""
