"""What PutCompositeAlarm refuses beside a rule that cannot be read.

Limits: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import re
from collections.abc import Mapping

from emulator.cloudwatch.alarm import Record
from emulator.cloudwatch.refusals import refused_action

FIELDS = (
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
)
_LENGTH, _CHILDREN, _ELEMENTS, _PARENTS = 10_240, 100, 500, 150
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def refusal(asked: Record, children: Mapping[str, int]) -> str | None:
    """Return why ``asked`` cannot be put, or ``None``.

    ``children`` are the alarms that its rule names, each with the number of other composite
    alarms whose rules name it.
    """
    return (
        _size(str(asked.get("AlarmRule") or ""), children)
        or refused_action(asked, ("sns", "lambda"), "it notifies SNS topics and invokes functions")
        or _suppressor(asked)
    )


def _size(rule: str, children: Mapping[str, int]) -> str | None:
    if not 1 <= len(rule) <= _LENGTH:
        return f"AlarmRule must have 1 to {_LENGTH} characters, got {len(rule)}"
    if len(children) > _CHILDREN:
        return f"AlarmRule can name {_CHILDREN} alarms, got {len(children)}"
    if (count := elements(rule)) > _ELEMENTS:
        return f"AlarmRule can have {_ELEMENTS} elements, got {count}"
    for name, parents in children.items():
        if parents >= _PARENTS:
            return f"{name} is in the rules of {_PARENTS} composite alarms, which is the most"
    return None


def elements(rule: str) -> int:
    """Count "child alarms, TRUE or FALSE statements, and parentheses".

    Those of ``ALARM(…)`` too, which AWS does not say.

    >>> elements('ALARM("a (b)") AND (OK(c) OR TRUE)')
    9
    """
    bare = _QUOTED.sub("x", rule)
    states = re.findall(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(", bare)
    constants = re.findall(r"\b(?:TRUE|FALSE)\b", bare)
    return len(states) + len(constants) + sum(bare.count(each) for each in "()")


def _suppressor(asked: Record) -> str | None:
    name, *periods = FIELDS
    given = [field for field in periods if asked.get(field) is not None]
    if not asked.get(name):
        return f"{given[0]} is given without {name}" if given else None
    for field in periods:
        value = asked.get(field)
        if value is None:
            return f"{field} is required when {name} is given"
        if int(value) < 0:
            return f"{field} must be 0 seconds or more, got {value}"
    return None
