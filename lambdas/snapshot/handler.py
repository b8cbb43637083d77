"""Take the snapshot of a run's data and write it, with its manifests, once."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import moment
from contracts.card import ModelCard
from contracts.environment import Variable
from contracts.run import Purpose, RunRequest, parse_request
from contracts.snapshot import Accepted, Snapshot, schema_digest
from lambdas.adapters import wiring
from lambdas.adapters.snapshots import Snapshots
from lambdas.snapshot.data_bucket import DataBucket
from lambdas.snapshot.decision import Version, compose, known

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return take_snapshot(
        parse_request(event["request"]),
        card=wiring.model_card(),
        bucket=wiring.setting(Variable.DATA_BUCKET),
        data=_data(),
        snapshots=_snapshots(),
    )


def take_snapshot(
    request: RunRequest, *, card: ModelCard, bucket: str, data: DataBucket, snapshots: Snapshots
) -> dict[str, Any]:
    """Fix what the run may read: what lies there now, or what lay there at a backfill's moment."""
    past = request.as_of if request.purpose is Purpose.BACKFILL else None
    last = snapshots.last_accepted()
    hashed = known(snapshots.accepted_files(last))
    versions = {dataset.name: data.versions(dataset.name, past) for dataset in card.datasets}
    snapshot = compose(
        card.name,
        bucket,
        {name: data.describe(name, found, hashed) for name, found in versions.items()},
        {dataset.name: schema_digest(dataset) for dataset in card.datasets},
    )
    answer = snapshots.write(snapshot, staged=_staged(snapshot, versions, data))
    logger.info("%s snapshot %s of %d files", request.run_id, snapshot.digest, len(snapshot.files))
    return {**answer, "profile": _profile(last, request)}


def _staged(
    snapshot: Snapshot, versions: Mapping[str, list[Version]], data: DataBucket
) -> dict[str, str]:
    """Jobs read keys, not versions: a dataset that is not as it was is copied for them."""
    return {
        name: data.stage(snapshot, name)
        for name, found in versions.items()
        if not all(version.current for version in found)
    }


def _profile(last: Accepted | None, request: RunRequest) -> str:
    """Where the profile of what was accepted before lies; empty when nothing was."""
    if last is None or last.as_of > moment.render(request.as_of):
        return ""
    return last.profile_uri


@cache
def _data() -> DataBucket:
    return DataBucket(
        wiring.client("s3"),
        wiring.documents(),
        bucket=wiring.setting(Variable.DATA_BUCKET),
        model=wiring.model_card().name,
    )


@cache
def _snapshots() -> Snapshots:
    return Snapshots(wiring.documents(), wiring.state_table(), model=wiring.model_card().name)
