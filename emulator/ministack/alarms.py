"""MiniStack's CloudWatch alarms, evaluated by our own evaluator."""

from emulator.cloudwatch.evaluator import AlarmEvaluator
from emulator.ports import Account

SEAMS = (
    "ministack.services.cloudwatch:_evaluate_alarm",
    "ministack.services.cloudwatch:_evaluate_all_alarms",
    "ministack.services.cloudwatch:_set_alarm_state",
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_metrics",
)


def install(account: Account) -> AlarmEvaluator:
    raise NotImplementedError
