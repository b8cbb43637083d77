"""The real data: fetch it once, split it by month, and land each month as it becomes known."""

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts import layout
from demo import children, places
from demo.failure import DemoFailed

WHEEL = "Lifetimes-0.11.3-py3-none-any.whl"
WHEEL_SHA256 = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"


def fetch(log: Path) -> Path:
    """Return the purchases' file, from the cache or from the package index."""
    wheel = places.DATA / WHEEL
    if not _has(wheel, WHEEL_SHA256):
        places.DATA.mkdir(parents=True, exist_ok=True)
        children.run(
            (
                *(places.PIP_PYTHON, "-m", "pip", "--disable-pip-version-check", "download"),
                *("--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
                *("--requirement", places.PROJECT / "demo" / "data.txt", "--dest", places.DATA),
            ),
            what="fetching the purchases (Lifetimes 0.11.3)",
            log=log,
            cwd=places.PROJECT,
            next_step=f"connect to a Python package index, or put {WHEEL} with sha256 "
            f"{WHEEL_SHA256} into {places.DATA}, and start again",
        )
    if not _has(wheel, WHEEL_SHA256):
        raise DemoFailed(
            f"{wheel} does not have the sha256 {WHEEL_SHA256}",
            next_step=f"delete {wheel} and start again",
        )
    purchases = places.DATA / Path(MEMBER).name
    with zipfile.ZipFile(wheel) as archive:
        purchases.write_bytes(archive.read(MEMBER))
    return purchases


def split(purchases: Path, log: Path) -> "History":
    """Return the purchases split by month, with labels and requests of each snapshot."""
    code = sorted((places.PROJECT / "ml" / "workloads" / "churn").rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:12]
    root = places.DATA / f"churn-{digest}"
    done = root / ".done"
    if not done.exists():
        shutil.rmtree(root, ignore_errors=True)
        children.run(
            (places.ML_BIN / "python", "-m", "ml.workloads.churn.history", purchases, root),
            what="splitting the purchases by month",
            log=log,
            cwd=places.PROJECT,
            next_step="see why in the log",
        )
        done.touch()
    return History(root=root)


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """``purchases/1997-01.csv``, ``labels/1997-02-01.csv``, ``requests/1997-05-01.csv``, …."""

    root: Path

    def purchases(self, *, since: date, before: date) -> Iterator[Path]:
        """Files of the whole months in [since, before)."""
        for path in sorted((self.root / "purchases").glob("*.csv")):
            if since <= date.fromisoformat(f"{path.stem}-01") < before:
                yield path

    def labels(self, *, window: timedelta, after: date, by: date) -> Iterator[Path]:
        """Files of the snapshots whose labels' window closed in (after, by]."""
        for path in sorted((self.root / "labels").glob("*.csv")):
            if after < date.fromisoformat(path.stem) + window <= by:
                yield path

    def requests(self, snapshot: date) -> Path:
        return self._there(self.root / "requests" / f"{snapshot}.csv")

    def truth(self, snapshot: date) -> Path:
        return self._there(self.root / "labels" / f"{snapshot}.csv")

    def _there(self, path: Path) -> Path:
        if not path.is_file():
            raise DemoFailed(
                f"the data has no {path.relative_to(self.root)}",
                next_step="the months are 1997-05 to 1998-04: choose --until among them",
            )
        return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Puts files where data lands, as whoever delivers it would."""

    s3: Any
    bucket: str
    model: str

    def land(self, dataset: str, path: Path) -> None:
        key = layout.dataset_prefix(self.model, dataset) + path.name
        self.s3.upload_file(str(path), self.bucket, key)


def first_of_next_month(moment: datetime) -> datetime:
    """Return the first day of the month after ``moment``'s, at midnight."""
    following = moment.replace(day=28) + timedelta(days=4)
    return following.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def months(first: date, last: date) -> list[date]:
    """Return the first day of each month from ``first`` to ``last``, both included."""
    found = [first]
    while found[-1] < last:
        found.append((found[-1] + timedelta(days=31)).replace(day=1))
    return found
