"""The topic that people listen to, told once for each end."""

from typing import Any

from contracts import state
from lambdas.adapters.state import StateTable
from lambdas.settlement.execution import Execution
from lambdas.settlement.notice import Notice


class Announcements:
    def __init__(self, sns: Any, state_table: StateTable, *, topic_arn: str) -> None:
        self._sns = sns
        self._state = state_table
        self._topic_arn = topic_arn

    def publish_once(self, execution: Execution, notice: Notice, *, delivery: str) -> bool:
        """Publish unless another delivery has or will.

        ``delivery`` is the invocation's id, which Lambda keeps for its retries: a retry of the
        delivery that claimed the end and then crashed publishes, another delivery does not.
        """
        item = state.settled(execution.arn, execution.redrive, execution.status)
        if not self._state.create(item, {"delivery": delivery, "sent": False}):
            claim = self._state.read(item) or {}
            if claim.get("sent") or claim.get("delivery") != delivery:
                return False
        self._sns.publish(TopicArn=self._topic_arn, Subject=notice.subject, Message=notice.text)
        self._state.write(item, {"delivery": delivery, "sent": True})
        return True
