"""The end of a transform job's log: what its container said last."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.adapters.busy import ServiceBusy

_GROUP = "/aws/sagemaker/TransformJobs"
_LINES, _WIDTH = 5, 200
"""A registry's description takes 1,024 characters."""


class TransformLog:
    def __init__(self, logs: Any) -> None:
        self._logs = logs

    def tail(self, job: str) -> list[str]:
        """Return the last lines; a log that cannot be read does not hide the job's own reason.

        A container's stream is ``<job>/<instance>``; what it answered to which file is in
        ``<job>/<instance>/data-log``. The newest two say both.
        https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
        """
        try:
            found = self._logs.describe_log_streams(
                logGroupName=_GROUP, logStreamNamePrefix=f"{job}/"
            )["logStreams"]
            found.sort(key=lambda each: each.get("lastEventTimestamp", 0), reverse=True)
            return [line for stream in found[:2] for line in self._last(stream["logStreamName"])]
        except (BotoCoreError, ClientError, ServiceBusy) as error:
            return [f"(the log could not be read: {type(error).__name__})"]

    def _last(self, stream: str) -> list[str]:
        answer = self._logs.get_log_events(
            logGroupName=_GROUP, logStreamName=stream, limit=_LINES, startFromHead=False
        )
        lines = [event["message"].strip() for event in answer["events"]]
        return [line[:_WIDTH] for line in lines if line][-_LINES:]
