"""Check that each MiniStack internal we rely on is still there: run it after an upgrade.

``python -m emulator.ministack.seams`` imports what each module of this package names in its
``SEAMS`` and exits 1, naming each that moved.
"""

import ast
import importlib
import inspect
import os
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Seam:
    """One internal: ``module:attribute.path``, for functions with the parameters we count on."""

    path: str
    parameters: tuple[str, ...] | None = None
    calls: tuple[str, ...] = ()
    """Names that the function's source must mention: what our replacement stands on."""
    key: bool = False
    """The last part of the path is a key of a table, not an attribute."""

    def moved(self) -> str | None:
        """Return what is no longer as we expect it, or ``None``."""
        module_name, _, attributes = self.path.partition(":")
        try:
            found: Any = importlib.import_module(module_name)
        except ImportError as error:
            return f"{self.path}: its module does not import ({error})"
        names = attributes.split(".")
        key = names.pop() if self.key else None
        for name in names:
            if not hasattr(found, name):
                return f"{self.path}: {name!r} is gone"
            found = getattr(found, name)
        if key is not None:
            return None if key in found else f"{self.path}: {key!r} is gone"
        return self._changed(inspect.unwrap(found) if callable(found) else found)

    def _changed(self, found: Any) -> str | None:
        if self.parameters is not None:
            now = tuple(inspect.signature(found).parameters)
            if now != self.parameters:
                return f"{self.path}: takes {now} now, we expect {self.parameters}"
        if self.calls and isinstance(found, FunctionType | type):
            names = _names_in(inspect.getsource(found))
            gone = [name for name in self.calls if name not in names]
            if gone:
                return f"{self.path}: no longer uses {', '.join(gone)}"
        return None


def _names_in(source: str) -> set[str]:
    tree = ast.parse(inspect.cleandoc("\n" + source) if source[0].isspace() else source)
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    }


def seams() -> Iterator[Seam]:
    """Yield the seams that every module of this package declares."""
    package = importlib.import_module("emulator.ministack")
    for info in pkgutil.iter_modules(package.__path__, "emulator.ministack."):
        declared = getattr(importlib.import_module(info.name), "SEAMS", ())
        for seam in declared:
            yield seam if isinstance(seam, Seam) else Seam(path=seam)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        # Importing MiniStack makes keys below this folder, by default in /tmp.
        os.environ["STATE_DIR"] = folder
        return _check()


def _check() -> int:
    checked = list(seams())
    moved = [problem for seam in checked if (problem := seam.moved()) is not None]
    for problem in moved:
        print(f"MiniStack moved {problem}", file=sys.stderr)
    if not moved:
        print(f"{len(checked)} seams of MiniStack are where we expect them")
    return 1 if moved else 0


if __name__ == "__main__":
    # Not this copy: the modules it checks know ``Seam`` from the imported one.
    sys.exit(importlib.import_module("emulator.ministack.seams").main())
