"""Where a job stands, as its record says and EventBridge hears it."""

import logging
from dataclasses import dataclass

from emulator.ports import Account
from emulator.sagemaker.jobs.description import event_detail
from emulator.sagemaker.jobs.job import Job, Stage
from emulator.sagemaker.tags import Tags

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True, eq=False)
class Progress:
    job: Job
    account: Account
    tags: Tags
    abandoned: bool = False
    """The account is going: nobody is left to tell, and nothing to upload to."""

    def enter(self, stage: Stage, reason: str | None = None) -> None:
        self.job.enter(stage, self.account.clock.now(), failure_reason=reason)
        self.announce()

    def fail(self, reason: str) -> None:
        self.enter(Stage.FAILED, reason[:1024])

    def announce(self) -> None:
        if self.abandoned:
            return
        try:
            self.account.put_event(
                source="aws.sagemaker",
                detail_type=f"SageMaker {self.job.kind.value} Job State Change",
                detail=event_detail(self.job, self.tags.of(self.job.arn)),
                resources=[self.job.arn],
            )
        except Exception:
            # A job's end does not depend on whether anybody could be told of it.
            _log.exception("no event was sent for job %s", self.job.name)
