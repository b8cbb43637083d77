"""Take the snapshot of a run's data and write it, with its manifests, once."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from contracts import layout
from contracts.card import ModelCard
from contracts.environment import Variable
from contracts.run import RunRequest, parse_request
from contracts.snapshot import schema_digest
from lambdas.adapters import wiring
from lambdas.adapters.documents import Documents, render
from lambdas.snapshot.data_bucket import DataBucket
from lambdas.snapshot.decision import compose, manifest

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


def lambda_handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    return take_snapshot(
        parse_request(event["request"]),
        card=wiring.model_card(),
        bucket=wiring.setting(Variable.DATA_BUCKET),
        data=_data(),
        documents=wiring.documents(),
    )


def take_snapshot(
    request: RunRequest, *, card: ModelCard, bucket: str, data: DataBucket, documents: Documents
) -> dict[str, Any]:
    names = [dataset.name for dataset in card.datasets]
    schemas = {dataset.name: schema_digest(dataset) for dataset in card.datasets}
    snapshot = compose(card.name, bucket, {name: data.files(name) for name in names}, schemas)
    key = layout.snapshot_key(card.name, snapshot.digest)
    # The digest is of the bytes: one that exists may name older versions of the same bytes.
    documents.write_once(bucket, key, render(snapshot.document()))
    manifests: dict[str, str] = {}
    for name in names:
        manifest_key = layout.manifest_key(card.name, snapshot.digest, name)
        documents.write_once(bucket, manifest_key, render(manifest(snapshot, name)))
        manifests[name] = layout.s3_uri(bucket, manifest_key)
    logger.info("%s snapshot %s of %d files", request.run_id, snapshot.digest, len(snapshot.files))
    return {
        "uri": layout.s3_uri(bucket, key),
        "digest": snapshot.digest,
        "files": len(snapshot.files),
        "manifests": manifests,
    }


@cache
def _data() -> DataBucket:
    return DataBucket(
        wiring.client("s3"),
        wiring.documents(),
        bucket=wiring.setting(Variable.DATA_BUCKET),
        model=wiring.model_card().name,
    )
