"""Write a new model's folder: ``python -m tools.new_model <name> <task>``."""

import re
import sys
from pathlib import Path

from contracts import card
from contracts.quality import Task

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[1]
_WORDS = {
    Task.BINARY_CLASSIFICATION: {
        "@LABEL@": 'type = "integer", min = 0, max = 1',
        "@GATE@": "floor = 0.6\nmin_gain = 0.005",
    },
    Task.REGRESSION: {"@LABEL@": 'type = "number"', "@GATE@": "ceiling = 10.0\nmin_gain = 0.1"},
}


class Unwritable(Exception):
    """No folder is written; the text says why and what is allowed."""


def write(name: str, task: str, models: Path) -> Path:
    """Write ``<models>/<name with underscores>``; never over something that is there."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 24:
        raise Unwritable(
            "NAME must be lower-case letters, digits and hyphens, beginning with a letter, at "
            f"most 24, got {name!r}"
        )
    if task not in list(_WORDS):
        raise Unwritable(
            f"TASK must be one of {', '.join(_WORDS)}, got {task!r}; for {Task.RECOMMENDATION} "
            "copy the folder of the recommender"
        )
    folder = models / name.replace("-", "_")
    if folder.exists():
        raise Unwritable(f"{folder} exists already; choose another NAME or delete it first")
    words = {"@NAME@": name, "@TASK@": task, **_WORDS[Task(task)]}
    for place, source in _templates(Task(task)).items():
        text = source.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        target = folder / place.with_name(place.name.replace("model_folder", folder.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    card.load(folder / "card.toml")
    return folder


def _templates(task: Task) -> dict[Path, Path]:
    """Return each template by its place in the new folder."""
    files = {Path("card.toml"): _HERE / "card.toml"}
    for part in (_HERE / "shared", _HERE / task.value):
        files |= {
            path.relative_to(part): path
            for path in sorted(part.rglob("*"))
            if path.is_file() and path.suffix in (".py", ".csv")
        }
    return files


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python -m tools.new_model <name> <task> [folder of models]")
    models = Path(sys.argv[3]) if len(sys.argv) == 4 else _ROOT / "ml" / "workloads"
    try:
        made = write(sys.argv[1], sys.argv[2], models)
    except Unwritable as refusal:
        sys.exit(f"new-model: {refusal}")
    for path in sorted(made.rglob("*")):
        if path.is_file():
            print(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")
    print(
        f"\nnext: say in {made.name}/card.toml what your data are, then\n"
        f"  make check-model NAME={sys.argv[1]}   # protocol and golden examples\n"
        "  make deploy                        # one more stack; no other one changes"
    )
