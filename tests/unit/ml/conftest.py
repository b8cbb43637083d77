"""A small made-up shop, its files as they lie in S3, and jobs run on them."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from job_folders import CHURN, IMAGE, Files, Job

from ml.evaluation.__main__ import evaluate
from ml.places import Places
from ml.training.__main__ import train
from ml.training.provenance import Image
from ml.validation.__main__ import validate

AS_OF = "1997-06-01T00:00:00Z"
SETTINGS = {"model": "churn", "as_of": AS_OF, "run_id": "churn-dev-0123456789ab"}
VARIABLES = {
    "PERENNIAL_AS_OF": AS_OF,
    "PERENNIAL_RUN_ID": "churn-dev-0123456789ab",
    "PERENNIAL_MODEL": "churn",
    "PERENNIAL_CANDIDATE_URI": "s3://artifacts/candidate/model.tar.gz",
}
DAYS = 60
CUSTOMERS = 1500


def _shop() -> dict[str, bytes]:
    """Purchases of January to May 1997 and the labels of the snapshots from February on."""
    source = random.Random(1)
    purchases: list[tuple[int, date, int, float]] = []
    for customer in range(1, CUSTOMERS + 1):
        day = date(1997, 1, 1) + timedelta(days=source.randrange(30))
        gap = source.choice([12, 40, 200])
        while day < date(1997, 6, 1):
            purchases.append((customer, day, source.randint(1, 5), source.randint(500, 9000) / 100))
            day += timedelta(days=1 + int(source.expovariate(1 / gap)))
    files = {
        f"purchases/1997-{month:02d}.csv": _csv(
            "customer_id,date,quantity,amount", [row for row in purchases if row[1].month == month]
        )
        for month in range(1, 6)
    }
    for snapshot in (date(1997, 2, 1), date(1997, 3, 1), date(1997, 4, 1)):
        end = snapshot + timedelta(days=DAYS)
        back = {row[0] for row in purchases if snapshot <= row[1] < end}
        known = sorted({row[0] for row in purchases if row[1] < snapshot})
        rows = [(customer, snapshot, int(customer not in back)) for customer in known]
        files[f"labels/{snapshot}.csv"] = _csv("customer_id,snapshot_date,churned", rows)
    return files


def _csv(header: str, rows: list[tuple[object, ...]]) -> bytes:
    return "".join(
        f"{line}\n" for line in [header, *(",".join(map(str, r)) for r in rows)]
    ).encode()


@pytest.fixture(scope="session")
def shop() -> dict[str, bytes]:
    return _shop()


@pytest.fixture(scope="session")
def trained(shop: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the model folder of a training job on the shop's data."""
    base = tmp_path_factory.mktemp("training")
    train(Places(base=Job(base=base).training(shop, SETTINGS).base), IMAGE, {})
    return base / "model"


@pytest.fixture
def training(tmp_path: Path) -> Callable[..., Path]:
    """Run a training job; return its base folder."""

    def run(
        files: Files,
        changed: dict[str, str] | None = None,
        *,
        workload: Path = CHURN,
        image: Image = IMAGE,
        **settings: str,
    ) -> Path:
        base = tmp_path / f"training-{len(list(tmp_path.iterdir()))}"
        job = Job(base=base, workload=workload).training(files, {**SETTINGS, **settings}, changed)
        train(Places(base=job.base), image, {})
        return base

    return run


@pytest.fixture
def evaluation(tmp_path: Path) -> Callable[..., Path]:
    """Run an evaluation job of archives that ``prepare`` puts in place; return its output."""

    def run(
        files: Files,
        prepare: Callable[[Path], None],
        *,
        workload: Path = CHURN,
        **variables: str,
    ) -> Path:
        base = tmp_path / "evaluation"
        job = Job(base=base, workload=workload).processing(files)
        prepare(job.base / "processing" / "input")
        evaluate(Places(base=base), {**VARIABLES, **variables})
        return base / "processing" / "output" / "evaluation"

    return run


@pytest.fixture
def validation(tmp_path: Path) -> Callable[..., Path]:
    """Run a validation job; return its report's path."""

    def run(files: Files, **variables: str) -> Path:
        base = tmp_path / "validation"
        Job(base=base).processing(files)
        validate(Places(base=base), {**VARIABLES, **variables})
        return base / "processing" / "output" / "report" / "report.json"

    return run
