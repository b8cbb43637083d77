"""The model artifact of a variant: fetched once, unpacked for each instance."""

import tarfile
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from emulator.sagemaker.endpoints.models import s3_location


class ArtifactError(Exception):
    """The model data can't be had or unpacked; the message is a FailureReason."""


def fetch(s3: Any, uri: str, archive: Path) -> None:
    bucket, key = s3_location(uri)
    archive.parent.mkdir(parents=True, exist_ok=True)
    try:
        s3.download_file(bucket, key, str(archive))
    except (ClientError, BotoCoreError, OSError) as error:
        raise ArtifactError(f"Failed to download model data from {uri}: {error}") from error


def unpack(archive: Path, folder: Path) -> None:
    """Unpack as SageMaker does before the container starts; nothing may leave ``folder``.

    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArtifactError(f"Failed to extract model data archive: {error}") from error
