"""Put the recorded inputs where a training job can read them: the listed versions, not today's."""

import json
from typing import Any

from contracts import layout
from perennial.recreation.inputs import Inputs

SNAPSHOT, CODE = "snapshot", "code"

Channel = dict[str, Any]


def stage(s3: Any, inputs: Inputs, *, purpose: str) -> list[Channel]:
    """Copy each file by its version; return the channels that training reads.

    SageMaker's manifests name no versions, so the copies are made under a prefix of their own.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    snapshot = inputs.snapshot
    model, bucket = snapshot.model, snapshot.bucket
    names = sorted({*snapshot.schemas, *(file.dataset for file in snapshot.files)})
    return [
        *(_dataset(s3, inputs, name, purpose) for name in names),
        _channel(SNAPSHOT, inputs.record.snapshot_uri),
        _channel(CODE, _put(s3, bucket, code_key(inputs, model, purpose), inputs.code.archive)),
    ]


def code_key(inputs: Inputs, model: str, purpose: str) -> str:
    return f"{layout.staged_prefix(model, purpose, CODE)}{inputs.code.sha256}.zip"


def _dataset(s3: Any, inputs: Inputs, name: str, purpose: str) -> Channel:
    snapshot = inputs.snapshot
    bucket, original = snapshot.bucket, layout.dataset_prefix(snapshot.model, name)
    prefix = layout.staged_prefix(snapshot.model, purpose, name)
    staged: list[str] = []
    for file in (each for each in snapshot.files if each.dataset == name):
        rest = file.key.removeprefix(original)
        source = {"Bucket": bucket, "Key": file.key, "VersionId": file.version_id}
        s3.copy(CopySource=source, Bucket=bucket, Key=f"{prefix}{rest}")
        staged.append(rest)
    manifest = json.dumps([{"prefix": layout.s3_uri(bucket, prefix)}, *staged]).encode()
    key = layout.staged_manifest_key(snapshot.model, purpose, name)
    return _channel(name, _put(s3, bucket, key, manifest), manifest=True)


def _put(s3: Any, bucket: str, key: str, content: bytes) -> str:
    s3.put_object(Bucket=bucket, Key=key, Body=content)
    return layout.s3_uri(bucket, key)


def _channel(name: str, uri: str, *, manifest: bool = False) -> Channel:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "ManifestFile" if manifest else "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "InputMode": "File",
        "CompressionType": "None",
    }
