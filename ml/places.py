"""Where SageMaker puts a container's files: below /opt/ml, or the folder it names."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The folders of the container contract.

    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
    https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
    """

    base: Path

    @property
    def model(self) -> Path:
        return self.base / "model"

    @property
    def failure(self) -> Path:
        """A training job's FailureReason is read from here."""
        return self.base / "output" / "failure"

    @property
    def message(self) -> Path:
        """A processing job's ExitMessage is read from here."""
        return self.base / "output" / "message"

    @property
    def checkpoints(self) -> Path:
        """What a training job writes here lies in S3 at once, and is back after it was interrupted.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
        """
        return self.base / "checkpoints"

    @property
    def data(self) -> Path:
        """What a training job leaves beside the model (``output.tar.gz``)."""
        return self.base / "output" / "data"

    def channel(self, name: str) -> Path:
        """Where a training job's input lies."""
        return self.base / "input" / "data" / name

    def processing_input(self, name: str) -> Path:
        return self.base / "processing" / "input" / name

    def processing_output(self, name: str) -> Path:
        return self.base / "processing" / "output" / name

    def hyperparameters(self) -> Mapping[str, str]:
        path = self.base / "input" / "config" / "hyperparameters.json"
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise Refusal(f"the hyperparameters cannot be read: {error}") from error
        return {str(name): str(value) for name, value in content.items()}


def of_container() -> Places:
    return Places(base=Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")))


def required(variables: Mapping[str, str], name: str) -> str:
    """Return a setting that a job cannot do without."""
    if not variables.get(name):
        raise Refusal(f"the setting {name} is missing")
    return variables[name]


def only_file(folder: Path, pattern: str) -> Path:
    """Return the one file of ``folder`` that fits ``pattern``."""
    found = sorted(folder.rglob(pattern)) if folder.is_dir() else []
    if len(found) != 1:
        raise Refusal(f"the input {folder.name!r} must hold one {pattern} file, got {len(found)}")
    return found[0]
