"""An operator's inbox: everything that the environment's topic has told, in its order."""

import json
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    subject: str
    text: str

    @property
    def is_over(self) -> bool:
        """Say whether an alarm tells that it is off."""
        return self.text.startswith("{") and json.loads(self.text).get("NewStateValue") == "OK"


@dataclass(slots=True, kw_only=True)
class Inbox:
    sqs: Any
    queue_url: str
    sns: Any
    subscription_arn: str
    _read: list[Notice] = field(default_factory=list)

    @classmethod
    def subscribed(cls, *, sqs: Any, sns: Any, topic_arn: str) -> Self:
        """Make a queue that keeps what the topic says, and subscribe it."""
        url = sqs.create_queue(QueueName="operator-inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        subscribed = sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
        return cls(sqs=sqs, queue_url=url, sns=sns, subscription_arn=subscribed["SubscriptionArn"])

    def close(self) -> None:
        self.sns.unsubscribe(SubscriptionArn=self.subscription_arn)
        self.sqs.delete_queue(QueueUrl=self.queue_url)

    def all(self) -> list[Notice]:
        """Return every notice so far of something that happened."""
        return [notice for notice in self.everything() if not notice.is_over]

    def everything(self) -> list[Notice]:
        """Return those that an alarm is over as well."""
        while messages := self.sqs.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in messages:
                told = json.loads(message["Body"])
                self._read.append(Notice(subject=told.get("Subject", ""), text=told["Message"]))
                self.sqs.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return list(self._read)
