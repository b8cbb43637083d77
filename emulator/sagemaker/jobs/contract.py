"""What differs between the two kinds of job: the container's files, command and output."""

import json
from pathlib import Path
from typing import Any, Protocol

from emulator.images import Image
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.job import Job

HOST = "algo-1"
INTERFACE = "eth0"
_MOUNT = "/opt/ml"
_FOLDERS = ("input", "model", "output", "processing", "config", "checkpoints")


class Contract(Protocol):
    """SageMaker's promises to a container of one kind."""

    def image_uri(self, job: Job) -> str: ...

    def lay_out(self, job: Job, bucket: Bucket) -> None:
        """Make the folders and configuration files, and download the input."""
        ...

    def command(self, job: Job, image: Image) -> list[str]: ...

    def environment(self, job: Job) -> dict[str, str]: ...

    def failure(self, job: Job, exit_code: int) -> str:
        """Word the FailureReason of a container that ended with ``exit_code``."""
        ...

    def upload(self, job: Job, bucket: Bucket, *, succeeded: bool) -> None:
        """Bring the output to S3."""
        ...


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2))


def located(text: str, ml: Path) -> str:
    """Return a path of the contract below ``/opt/ml`` as the real one; other text unchanged."""
    for folder in _FOLDERS:
        mount = f"{_MOUNT}/{folder}"
        if text == mount or text.startswith(f"{mount}/"):
            return str(ml / folder) + text.removeprefix(mount)
    return text


def algorithm_error(text: str, exit_code: int) -> str:
    """Word a container's failure as AWS does: "AlgorithmError: <text>, exit code: 1".

    FailureReason holds 1024 characters, and the exit code is never what is cut.
    """
    head, tail = "AlgorithmError: ", f", exit code: {exit_code}"
    return head + text[: 1024 - len(head) - len(tail)] + tail
