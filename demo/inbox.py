"""An operator's inbox: a queue subscribed to the environment's notifications."""

import json
from dataclasses import dataclass
from typing import Any

_TWO_WEEKS = str(14 * 24 * 3600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    sqs: Any
    queue_url: str

    def receive(self) -> list[str]:
        """Take what has arrived; return the subjects."""
        subjects: list[str] = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                notice = json.loads(message["Body"])
                subjects.append(notice.get("Subject") or notice["Message"].splitlines()[0])
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return subjects


def subscribe(*, sqs: Any, sns: Any, topic_arn: str) -> Inbox:
    """Make a queue of the demo's own and subscribe it, as an operator would."""
    url = sqs.create_queue(
        QueueName="perennial-demo-inbox", Attributes={"MessageRetentionPeriod": _TWO_WEEKS}
    )["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return Inbox(sqs=sqs, queue_url=url)
