"""Check a model's folder by itself: its card, its protocol, and its golden examples.

``python -m ml.workload_check <folder>…`` says what is wrong and how it must be. Golden examples are
``golden/<dataset>.csv`` (rows as they land) and ``golden/<snapshot date>.csv`` (the entities asked
about at that date, in the first columns, and the features that ``prepare`` must give).
"""

import inspect
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pandas as pd

from contracts.card import ModelCard, load
from contracts.errors import ContractError
from ml.code_archive import import_folder
from ml.refusal import Refusal
from ml.tables import BadFile, read

PROTOCOL = {
    "snapshots": ["tables"],
    "outcomes": ["tables", "snapshot_date"],
    "prepare": ["tables", "snapshot_date", "asked"],
}
FITTING = {
    "build": ["hyperparameters"],
    "fit": ["features", "labels", "hyperparameters", "checkpoints"],
}


def check(folder: Path) -> None:
    """Refuse a folder that is no model, naming file, thing and what is expected."""
    if not (folder / "card.toml").is_file():
        raise Refusal("there is no card.toml; `make new-model` writes a folder that has one")
    card = load(folder / "card.toml")
    workload = import_folder(folder)
    features = workload("features")
    _has(features, "features.py", PROTOCOL)
    events = getattr(features, "EVENTS", None)
    known = {dataset.name for dataset in card.datasets}
    if not isinstance(events, dict) or not set(events) <= known:
        raise Refusal(
            "features.py: EVENTS must name datasets of the card and the time column of each "
            f"({', '.join(sorted(known))}), got {events!r}"
        )
    model = workload("model")
    ways = [name for name in FITTING if hasattr(model, name)]
    if len(ways) != 1:
        raise Refusal(f"model.py must define build or fit, got {' and '.join(ways) or 'neither'}")
    _has(model, "model.py", {ways[0]: FITTING[ways[0]]})
    _golden(folder / "golden", card, features)


def _has(module: ModuleType, file: str, wanted: dict[str, list[str]]) -> None:
    for name, parameters in wanted.items():
        function = getattr(module, name, None)
        if not callable(function):
            raise Refusal(f"{file} must define {name}({', '.join(parameters)})")
        found = list(inspect.signature(function).parameters)
        if len(found) != len(parameters):
            raise Refusal(f"{file}: {name} must take ({', '.join(parameters)}), got {found}")


def _golden(folder: Path, card: ModelCard, features: ModuleType) -> None:
    expected = {
        path.stem: path
        for path in sorted(folder.glob("*.csv"))
        if path.stem not in {dataset.name for dataset in card.datasets}
    }
    if not expected:
        raise Refusal(f"{folder} must hold one <snapshot date>.csv at least, got none")
    tables = {
        dataset.name: _table(folder / f"{dataset.name}.csv", card)
        for dataset in card.datasets
        if dataset.name in features.EVENTS
    }
    for day, path in expected.items():
        _same_features(tables, card, features, date.fromisoformat(day), path)


def _table(path: Path, card: ModelCard) -> pd.DataFrame:
    (dataset,) = [each for each in card.datasets if each.name == path.stem]
    try:
        typed = read(path.read_bytes(), dataset)
    except (OSError, BadFile) as error:
        raise Refusal(f"{path}: {error}") from error
    if typed.bad_cells:
        cell = typed.bad_cells[0]
        raise Refusal(
            f"{path}: {cell.column}, row {cell.row}: {cell.text!r} is not {cell.expected}"
        )
    return typed.frame


def _same_features(
    tables: dict[str, pd.DataFrame], card: ModelCard, features: ModuleType, day: date, path: Path
) -> None:
    golden = pd.read_csv(path)
    names = [feature.name for feature in card.features]
    if list(golden.columns[-len(names) :]) != names:
        raise Refusal(f"{path} must end with the columns {', '.join(names)}")
    asked = golden.set_index(list(golden.columns[: -len(names)])).index
    moment = pd.Timestamp(day)
    before = {name: rows[rows[features.EVENTS[name]] < moment] for name, rows in tables.items()}
    found = features.prepare(before, day, asked)[names]
    for entity, wanted, got in zip(asked, golden[names].values, found.values, strict=True):
        for name, one, other in zip(names, wanted, got, strict=True):
            if not abs(float(one) - float(other)) < 1e-9:
                raise Refusal(f"{path}: {name} of {entity} must be {one:g}, prepare gave {other:g}")


def main(folders: list[str]) -> int:
    if not folders:
        print("usage: python -m ml.workload_check <folder>…", file=sys.stderr)
        return 2
    failed = 0
    for folder in folders:
        try:
            check(Path(folder))
        except (Refusal, ContractError) as error:
            failed += 1
            print(f"{folder}: {error}", file=sys.stderr)
        else:
            print(f"{folder}: card, protocol and golden examples are as they must be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
