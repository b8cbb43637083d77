"""A transform job's data log: which object was answered how, in AWS's words.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html names the streams; the
words are those of https://github.com/aws/amazon-sagemaker-examples/issues/1620 (4xx) and
https://github.com/aws/sagemaker-tensorflow-serving-container/issues/93 (5xx).
"""

from emulator.ports import Account

GROUP = "/aws/sagemaker/TransformJobs"


class DataLog:
    def __init__(self, account: Account, stream: str) -> None:
        self._account = account
        self._stream = f"{stream}/data-log"

    def say(self, *lines: str) -> None:
        now = self._account.clock.now()
        stamp = f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}"
        self._account.write_log(
            group=GROUP,
            stream=self._stream,
            messages=[f"{stamp}:[sagemaker logs]: {line}" for line in lines],
        )

    def refused(self, name: str, status: int, message: bytes) -> None:
        """Say that the container answered ``status`` to a request for the object ``name``."""
        if 400 <= status < 500:
            first = f"{name}: ClientError: {status}"
        else:
            first = f"{name}: Bad HTTP status received from algorithm: {status}"
        words = message.decode(errors="replace").splitlines()[:50]
        self.say(first, f"{name}: ", f"{name}: Message:", *(f"{name}: {word}" for word in words))

    def unanswered(self, name: str) -> None:
        self.say(f"{name}: Unable to get response from algorithm")
