"""Proof that nothing was lost: each request answered once and captured once, one champion."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from contracts import layout
from demo.clients import Answer
from demo.failure import DemoFailed
from emulator.client import RunningAccount
from perennial import registry, state
from perennial.deployed import Deployed


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What became of the requests."""

    requests: int
    rows: int
    failed: tuple[Answer, ...]
    repeated: tuple[str, ...]
    """Inference ids that were sent more than once: a fault of the demo itself."""
    uncaptured: tuple[str, ...]
    doubled: tuple[str, ...]
    """Inference ids that were captured more than once."""

    @property
    def captured_once(self) -> int:
        return self.requests - len(self.uncaptured) - len(self.doubled)


def weigh(answers: Sequence[Answer], captured: Counter[str]) -> Traffic:
    sent = Counter(answer.inference_id for answer in answers)
    return Traffic(
        requests=len(sent),
        rows=sum(len(answer.entities) for answer in answers),
        failed=tuple(answer for answer in answers if answer.failed),
        repeated=tuple(each for each, times in sent.items() if times > 1),
        uncaptured=tuple(each for each in sent if captured[each] == 0),
        doubled=tuple(each for each in sent if captured[each] > 1),
    )


def captured_ids(s3: Any, *, bucket: str, model: str, endpoint: str) -> Counter[str]:
    """Return how often each inference id occurs in the captures bucket."""
    prefix = f"{layout.captures_prefix(model)}{endpoint}/"
    keys = [
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for item in page.get("Contents", ())
    ]

    def ids(key: str) -> list[str]:
        return list(_ids(s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines()))

    with ThreadPoolExecutor(8) as pool:
        return Counter(each for found in pool.map(ids, keys) for each in found)


def _ids(lines: Iterable[bytes]) -> Iterator[str]:
    for line in lines:
        identity = json.loads(line)["eventMetadata"].get("inferenceId")
        if identity is not None:
            yield identity


def one_champion(account: RunningAccount, deployed: Deployed) -> int:
    """Return the version that serves; pointer, registry and endpoint must name the same one."""
    sagemaker = account.client("sagemaker")
    pointer = state.champion(account.client("dynamodb"), deployed.state_table, deployed.model)
    if pointer is None:
        raise DemoFailed(
            "there is no champion pointer though models were promoted",
            next_step="look with --keep: perennial status",
        )
    package = registry.package(sagemaker, deployed.package_group, pointer.version)
    serving = sagemaker.describe_endpoint(EndpointName=deployed.endpoint)["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    seen = {
        "champion pointer": (pointer.deployment, pointer.model_data_url, "Approved"),
        "registry and endpoint": (serving, package.model_data_url, package.version.approval),
        "model": (serving, model["PrimaryContainer"]["ModelDataUrl"], "Approved"),
    }
    if len(set(seen.values())) != 1:
        raise DemoFailed(
            f"pointer, registry and endpoint do not agree: {seen}",
            next_step="look with --keep: perennial status",
        )
    return pointer.version
