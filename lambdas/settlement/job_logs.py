"""The end of a job's log, which says more than the job's own reason."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.adapters.busy import ServiceBusy
from lambdas.settlement.failure import FailedJob

_LINES = 10
_WIDTH = 240
"""Characters of one line; ten of them leave room in a message of SNS (262,144 bytes)."""


class JobLogs:
    def __init__(self, logs: Any) -> None:
        self._logs = logs

    def tail(self, job: FailedJob) -> list[str]:
        """Return the last lines; a log that cannot be read is no reason to tell nobody.

        https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
        """
        group = f"/aws/sagemaker/{job.kind}s"
        try:
            stream = self._newest_stream(group, f"{job.name}/")
            if stream is None:
                return []
            answer = self._logs.get_log_events(
                logGroupName=group, logStreamName=stream, limit=_LINES, startFromHead=False
            )
        except (BotoCoreError, ClientError, ServiceBusy) as error:
            return [f"(the log could not be read: {type(error).__name__})"]
        return [_cut(event["message"]) for event in answer["events"]][-_LINES:]

    def _newest_stream(self, group: str, prefix: str) -> str | None:
        """A job on spare capacity has one stream for each time it was started."""
        found = self._logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)
        streams = found["logStreams"]
        if not streams:
            return None
        return max(streams, key=lambda each: each.get("lastEventTimestamp", 0))["logStreamName"]


def _cut(line: str) -> str:
    line = line.rstrip()
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
