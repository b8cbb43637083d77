"""The churn model's folder as these scenarios need it, and archives of its code that misbehave.

Three settings of the card serve the scenarios, none of them the platform's own code: short waits
(they are of the account's time, but a job's limit is of real time); no daily cap that ten
scenarios in one day would meet; and trees so small (one split each, two of them) that the same
code with more of them is better on any months. So a scenario that needs a better candidate has
one, whatever months the scenarios before it have landed.
"""

import io
import shutil
import zipfile
from pathlib import Path

from emulator.client import PROJECT

MODEL = "churn"
MAX_RUNTIME = 20
"""Real seconds that a training job may run."""


def _training(seconds: int) -> str:
    job = '[training]\ninstance_type = "ml.m5.large"\nvolume_gib = 10\n'
    return f"{job}max_runtime_seconds = {seconds}\n"


_SETTINGS = (
    ("max_iter = 100", "max_iter = 2"),
    ("max_leaf_nodes = 8", "max_leaf_nodes = 2"),
    (_training(1800), _training(MAX_RUNTIME)),
    ("floor = 0.60", "floor = 0.50"),
    ("bootstrap_samples = 1000", "bootstrap_samples = 200"),
    ("cool_down_hours = 480", "cool_down_hours = 1"),
    ("daily_cap = 3", "daily_cap = 1000"),
    ("bake_seconds = 300", "bake_seconds = 180"),
)


def lay_out(models: Path) -> None:
    """Write ``<models>/churn``, as a repository of models outside of ours would have it."""
    folder = models / MODEL
    shutil.copytree(
        PROJECT / "ml" / "workloads" / MODEL, folder, ignore=shutil.ignore_patterns("__pycache__")
    )
    card = (folder / "card.toml").read_text(encoding="utf-8")
    for ours, tests in _SETTINGS:
        assert card.count(ours) == 1, f"the card no longer says {ours!r} once"
        card = card.replace(ours, tests)
    (folder / "card.toml").write_text(card, encoding="utf-8")


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
