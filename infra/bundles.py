"""Stage what one handler consists of: its package, the rooms it imports, and its model's card."""

import ast
import filecmp
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from contracts.environment import Variable

ROOT = Path(__file__).parents[1]
STAGING = ROOT / ".perennial" / "bundles"
CARD_FILE = "card.toml"
"""Where a handler finds the card below LAMBDA_TASK_ROOT (``Variable.CARD``)."""

_SHIPPED = ("contracts", "drift", "lambdas")


class BundleError(ValueError):
    """A handler's package cannot be made into a bundle."""


def stage(package: str, *, entry: str, card: Path | None) -> Path:
    """Bring a handler's files together in a folder that depends on their contents alone."""
    handler = ROOT / "lambdas" / package / f"{entry}.py"
    if not handler.is_file():
        raise BundleError(f"handler {package}.{entry} must be a file, got none at {handler}")
    files = {path.relative_to(ROOT): path for path in sources(package)}
    if card is not None:
        files[Path(CARD_FILE)] = card
    name = f"{'shared' if card is None else card.parent.name}-{package}"
    return _write(STAGING / name, files)


def sources(package: str) -> list[Path]:
    """Every file that ``lambdas.<package>`` needs, found by following its imports."""
    found: set[Path] = set()
    waiting = [*(ROOT / "lambdas" / package).rglob("*.py")]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _packages_above(path)
            waiting += [target for name in _imports(path) for target in _modules(name)]
    return sorted(found)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules(name: str) -> Iterator[Path]:
    """The files of this repository behind a dotted name; none for the standard library."""
    if name.partition(".")[0] not in _SHIPPED:
        return
    place = ROOT.joinpath(*name.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            yield path


def _packages_above(path: Path) -> Iterator[Path]:
    for folder in path.parents:
        if folder == ROOT:
            return
        if (folder / "__init__.py").is_file():
            yield folder / "__init__.py"


def _write(target: Path, files: dict[Path, Path]) -> Path:
    """Make ``target`` hold exactly ``files``; synths that run at once do not see half a bundle."""
    if _holds(target, files):
        return target
    STAGING.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=STAGING))
    for place, source in files.items():
        (fresh / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, fresh / place)
    fresh.chmod(0o755)
    stale = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=STAGING))
    if target.exists():
        os.replace(target, stale)
    os.replace(fresh, target)
    shutil.rmtree(stale, ignore_errors=True)
    return target


def _holds(target: Path, files: dict[Path, Path]) -> bool:
    present = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    return present == set(files) and all(
        filecmp.cmp(target / place, source, shallow=False) for place, source in files.items()
    )


def card_variable() -> dict[str, str]:
    return {Variable.CARD: CARD_FILE}
