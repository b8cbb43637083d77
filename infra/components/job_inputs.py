"""What the jobs of a run are given, as SageMaker's request shapes with JSONata inside."""

from collections.abc import Iterator
from typing import Any

from contracts.card import ModelCard
from infra.components.states import expression
from infra.settings import PrivateNetwork

PROCESSING = "/opt/ml/processing"


def vpc(network: PrivateNetwork) -> dict[str, Any]:
    return {
        "VpcConfig": {
            "SecurityGroupIds": list(network.security_group_ids),
            "Subnets": list(network.subnet_ids),
        }
    }


def processing_input(name: str, uri: str, *, folder: str, manifest: bool = False) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": expression(uri),
            "LocalPath": f"{PROCESSING}/input/{folder}",
            "S3DataType": "ManifestFile" if manifest else "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
        },
    }


def channel(name: str, uri: str, *, manifest: bool = False) -> dict[str, Any]:
    return {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "ManifestFile" if manifest else "S3Prefix",
                "S3Uri": expression(uri),
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "InputMode": "File",
        "CompressionType": "None",
    }


def manifests(card: ModelCard, snapshot: str) -> Iterator[tuple[str, str]]:
    """Each dataset's name, with the expression for its manifest in ``snapshot``."""
    for dataset in card.datasets:
        yield dataset.name, f"$lookup({snapshot}.manifests, '{dataset.name}')"


def run_inputs(card: ModelCard, *, snapshot: str, request: str) -> list[dict[str, Any]]:
    """What every processing job reads: each dataset, the snapshot's own list, and the code."""
    return [
        *(
            processing_input(f"data-{name}", uri, folder=f"data/{name}", manifest=True)
            for name, uri in manifests(card, snapshot)
        ),
        processing_input("snapshot", f"{snapshot}.uri", folder="snapshot"),
        processing_input("code", f"{request}.code_uri", folder="code"),
    ]


def channels(card: ModelCard) -> list[dict[str, Any]]:
    return [
        *(channel(name, uri, manifest=True) for name, uri in manifests(card, "$snapshot")),
        channel("snapshot", "$snapshot.uri"),
        channel("code", "$request.code_uri"),
    ]
