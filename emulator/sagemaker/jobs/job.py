"""One job: what was asked for, and the states it has gone through."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from emulator.sagemaker.operations import Request


class Kind(StrEnum):
    """The prefix of a kind's API names (``CreateTrainingJob``)."""

    TRAINING = "Training"
    PROCESSING = "Processing"
    TRANSFORM = "Transform"

    @property
    def resource(self) -> str:
        """What stands before the name in an ARN."""
        return f"{self.value.lower()}-job"


class Status(StrEnum):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html."""

    IN_PROGRESS = "InProgress"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPING = "Stopping"
    STOPPED = "Stopped"


class Stage(StrEnum):
    """A training job's secondary status; other jobs go through them unseen."""

    STARTING = "Starting"
    DOWNLOADING = "Downloading"
    TRAINING = "Training"
    STOPPING = "Stopping"
    UPLOADING = "Uploading"
    COMPLETED = "Completed"
    FAILED = "Failed"
    STOPPED = "Stopped"
    MAX_RUNTIME_EXCEEDED = "MaxRuntimeExceeded"
    INTERRUPTED = "Interrupted"
    MAX_WAIT_TIME_EXCEEDED = "MaxWaitTimeExceeded"


MESSAGES = {
    Stage.STARTING: "Starting the training job",
    Stage.DOWNLOADING: "Downloading input data",
    Stage.TRAINING: "Training image download completed. Training in progress.",
    Stage.STOPPING: "Stopping the training job",
    Stage.UPLOADING: "Uploading generated training model",
    Stage.COMPLETED: "Training job completed",
    Stage.FAILED: "Training job failed",
    Stage.STOPPED: "Training job stopped",
    Stage.MAX_RUNTIME_EXCEEDED: "Training job runtime exceeded MaxRuntimeInSeconds provided",
    Stage.INTERRUPTED: "Training job interrupted: its spot instances were taken back",
    Stage.MAX_WAIT_TIME_EXCEEDED: "Training job exceeded MaxWaitTimeInSeconds provided",
}
"""What AWS shows for each stage; the texts of the two of spot training are unproven."""

ENDS = {
    Stage.COMPLETED: Status.COMPLETED,
    Stage.FAILED: Status.FAILED,
    Stage.STOPPED: Status.STOPPED,
    Stage.MAX_RUNTIME_EXCEEDED: Status.STOPPED,
    Stage.MAX_WAIT_TIME_EXCEEDED: Status.STOPPED,
}


class JobFailed(Exception):
    """The job ends as Failed; the text is its FailureReason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    stage: Stage
    start: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """The state changes under ``lock``."""

    kind: Kind
    name: str
    arn: str
    request: Request
    folder: Path
    created: datetime
    status: Status = Status.IN_PROGRESS
    transitions: list[Transition] = field(default_factory=list[Transition])
    modified: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    ran: float = 0.0
    """Real seconds that its containers ran."""
    seconds: int | None = None
    failure_reason: str | None = None
    exit_message: str | None = None
    metrics: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    stop_asked: threading.Event = field(default_factory=threading.Event)
    interrupted: threading.Event = field(default_factory=threading.Event)
    """Set when its spot instance is taken away."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    settled: threading.Event = field(default_factory=threading.Event)
    """Set when the job is over and its last event was sent."""

    @property
    def ml(self) -> Path:
        """What the container knows as ``/opt/ml``."""
        return self.folder / "ml"

    @property
    def max_runtime(self) -> int:
        """Seconds; a day unless the request says otherwise (the API reference's default)."""
        return self.request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86_400)

    @property
    def is_over(self) -> bool:
        return self.status in ENDS.values()

    @property
    def stage(self) -> Stage:
        return self.transitions[-1].stage

    def enter(self, stage: Stage, now: datetime, *, failure_reason: str | None = None) -> None:
        with self.lock:
            self.transitions.append(Transition(stage=stage, start=now))
            self.modified = now
            if stage in ENDS:
                self.status = ENDS[stage]
                self.failure_reason = failure_reason
                self.ended = now
            elif stage is Stage.STOPPING:
                self.status = Status.STOPPING
            elif stage is Stage.DOWNLOADING and self.started is None:
                self.started = now
