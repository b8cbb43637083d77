"""Jobs of one model that still run, stopped: training, processing, transform."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError


class Jobs:
    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def stop_all(self, prefix: str) -> int:
        stop = {
            "Training": self._sagemaker.stop_training_job,
            "Processing": self._sagemaker.stop_processing_job,
            "Transform": self._sagemaker.stop_transform_job,
        }
        count = 0
        for kind, call in stop.items():
            for name in list(self._running(kind, prefix)):
                _stop(call, f"{kind}JobName", name)
                count += 1
        return count

    def _running(self, kind: str, prefix: str) -> Iterator[str]:
        """NameContains finds the prefix anywhere in a name, so it is checked here again."""
        pages = self._sagemaker.get_paginator(f"list_{kind.lower()}_jobs").paginate(
            NameContains=prefix, StatusEquals="InProgress"
        )
        for page in pages:
            for item in page[f"{kind}JobSummaries"]:
                if item[f"{kind}JobName"].startswith(prefix):
                    yield item[f"{kind}JobName"]


def _stop(call: Any, parameter: str, name: str) -> None:
    """A job that ended in the meantime refuses to stop, which is what was wanted."""
    try:
        call(**{parameter: name})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
