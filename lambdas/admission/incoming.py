"""The data bucket, asked what waits below a model's incoming prefix."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from contracts import layout
from lambdas.admission.decision import Incoming


class IncomingData:
    def __init__(self, s3: Any, *, bucket: str, model: str, datasets: Sequence[str]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._model = model
        self._datasets = datasets

    def now(self) -> Incoming:
        files = sorted(self._files())
        return Incoming(
            fingerprint=sha256(json.dumps(files).encode()).hexdigest(),
            files={name: self._count(name, files) for name in self._datasets},
        )

    def _files(self) -> list[tuple[str, str]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=layout.incoming_prefix(self._model)
        )
        return [
            (item["Key"], item["ETag"])
            for page in pages
            for item in page.get("Contents", [])
            if not item["Key"].endswith("/")  # what the S3 console makes for an empty folder
        ]

    def _count(self, dataset: str, files: list[tuple[str, str]]) -> int:
        prefix = layout.dataset_prefix(self._model, dataset)
        return sum(key.startswith(prefix) for key, _ in files)
