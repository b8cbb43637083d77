"""A training job's checkpoints: brought before it starts, stored while it runs and at its end.

"SageMaker saves checkpoints to Amazon S3 and syncs your training job with the checkpoint S3
bucket"; a restarted or a new job with the same S3Uri finds them in its local path again.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-enable.html
https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-resume.html
"""

import logging
import threading
from pathlib import Path

from emulator.sagemaker.errors import not_supported
from emulator.sagemaker.jobs.bucket import Bucket
from emulator.sagemaker.jobs.contract import located
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.operations import Request

DEFAULT_PATH = "/opt/ml/checkpoints"
_EVERY = 1.0
"""Real seconds between two looks at the folder; AWS does not say how often it looks."""
_Version = tuple[int, int]
_log = logging.getLogger(__name__)


def refuse_unusable_checkpoints(request: Request) -> None:
    """Raise the error for a local path that is no folder of the container's own here."""
    path: str = request.get("CheckpointConfig", {}).get("LocalPath", DEFAULT_PATH)
    if f"{path}/".startswith(f"{DEFAULT_PATH}/") and ".." not in path.split("/"):
        return
    raise not_supported(
        f"CreateTrainingJob with CheckpointConfig.LocalPath={path} (only {DEFAULT_PATH} and below)"
    )


class Checkpoints:
    """The folder of one job, in step with its prefix in S3; nothing where none was asked for."""

    def __init__(self, job: Job, bucket: Bucket) -> None:
        config = job.request.get("CheckpointConfig")
        self._uri: str | None = None if config is None else f"{config['S3Uri'].rstrip('/')}/"
        path = DEFAULT_PATH if config is None else config.get("LocalPath", DEFAULT_PATH)
        self._folder = Path(located(path.rstrip("/"), job.ml))
        self._bucket = bucket
        self._stored: dict[Path, _Version | None] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def bring(self) -> None:
        """Download what is there."""
        if self._uri is not None:
            self._bucket.download({"S3Uri": self._uri, "S3DataType": "S3Prefix"}, self._folder)
            self._stored = {file: _version(file) for file in self._files()}

    def follow(self) -> None:
        """Store what the container writes, until :meth:`finish`."""
        if self._uri is not None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._keep, name="checkpoints", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Store what is left; it fails where S3 refuses it."""
        if self._thread is not None:
            self._ended.set()
            self._thread.join()
            self._thread = None
            self._store()

    def _keep(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                self._store()
            except Exception:
                # The next look tries again, and the last one fails the job.
                _log.exception("checkpoints of %s were not stored", self._folder)

    def _store(self) -> None:
        for file in self._files():
            version = _version(file)
            if version is not None and self._stored.get(file) != version:
                name = file.relative_to(self._folder).as_posix()
                self._bucket.upload(file, f"{self._uri}{name}")
                self._stored[file] = version

    def _files(self) -> list[Path]:
        return sorted(file for file in self._folder.rglob("*") if file.is_file())


def _version(file: Path) -> _Version | None:
    """Return what tells a file's content from an earlier one; nothing when it is gone."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
