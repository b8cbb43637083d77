"""Stage what one handler consists of: its package, the rooms it imports, and its model's card."""

import ast
import shutil
import tempfile
from collections.abc import Iterator
from hashlib import sha256
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
    return _write(name, files)


def sources(package: str) -> list[Path]:
    """Every file that ``lambdas.<package>`` needs, found by following its imports."""
    found: set[Path] = set()
    waiting = [*(ROOT / "lambdas" / package).rglob("*.py")]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _packages_above(path)
            waiting += [target for name in imports(path) for target in _modules(name)]
    return sorted(found)


def imports(path: Path) -> Iterator[str]:
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


def _write(name: str, files: dict[Path, Path]) -> Path:
    """Make a folder of exactly ``files``, named by their contents.

    Such a folder never changes, so synths that run at once cannot see half a bundle.
    """
    contents = {place.as_posix(): source.read_bytes() for place, source in files.items()}
    target = STAGING / f"{name}-{_digest(contents)}"
    if target.is_dir():
        return target
    STAGING.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=STAGING))
    fresh.chmod(0o755)
    for place, content in contents.items():
        (fresh / place).parent.mkdir(parents=True, exist_ok=True)
        (fresh / place).write_bytes(content)
    try:
        fresh.rename(target)
    except OSError:  # another synth was first
        shutil.rmtree(fresh)
    return target


def _digest(contents: dict[str, bytes]) -> str:
    running = sha256()
    for place, content in sorted(contents.items()):
        running.update(f"{place}\0{len(content)}\0".encode())
        running.update(content)
    return running.hexdigest()[:16]


def card_variable() -> dict[str, str]:
    return {Variable.CARD: CARD_FILE}
