"""What the first model, never retrained, would have answered: its artifact asked by itself."""

import csv
from collections.abc import Sequence
from datetime import date

from contracts import layout
from demo import children, places
from demo.history import History
from emulator.client import RunningAccount
from perennial import registry
from perennial.deployed import Deployed

_FOLDER = places.DEMO / "frozen"
_FIRST = 1


def of_first_model(
    account: RunningAccount, deployed: Deployed, history: History, snapshots: Sequence[date]
) -> dict[date, dict[str, float]]:
    """Return each month's score of each customer by version 1, through the serving code."""
    package = registry.package(account.client("sagemaker"), deployed.package_group, _FIRST)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    archive = _FOLDER / "model.tar.gz"
    bucket, key = layout.split_s3_uri(package.model_data_url)
    account.client("s3").download_file(bucket, key, str(archive))
    children.run(
        (
            *(places.ML_BIN / "python", "-m", "demo.frozen", archive, _FOLDER),
            *(history.requests(snapshot) for snapshot in snapshots),
        ),
        what="scoring with version 1",
        log=places.DEMO / "logs" / "frozen.log",
        cwd=places.PROJECT,
        next_step="see why in the log",
    )
    return {snapshot: _read(snapshot) for snapshot in snapshots}


def _read(snapshot: date) -> dict[str, float]:
    with (_FOLDER / f"{snapshot}.csv").open(newline="") as file:
        return {customer: float(score) for customer, score in csv.reader(file)}
