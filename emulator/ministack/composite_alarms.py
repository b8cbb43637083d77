"""Composite alarms as MiniStack has them, and what it lacks: suppressors, limits, kinship.

MiniStack reads and evaluates rules; a template's composite alarms are made through the same calls.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from emulator.cloudwatch.composite import FIELDS, refusal
from emulator.ministack.suppressions import Suppressions

SEAMS = (
    "ministack.services.cloudwatch:_alarms",
    "ministack.services.cloudwatch:_cbor_alarm",
    "ministack.services.cloudwatch:_cbor_ok",
    "ministack.services.cloudwatch:_composite_alarms",
    "ministack.services.cloudwatch:_composite_children",
    "ministack.services.cloudwatch:_delete_alarms",
    "ministack.services.cloudwatch:_describe_alarms",
    "ministack.services.cloudwatch:_error",
    "ministack.services.cloudwatch:_json_ok",
    "ministack.services.cloudwatch:_put_composite_alarm",
    "ministack.services.cloudwatch:_rule_ref_name",
    "ministack.services.cloudwatch:cloudformation_set_metric_alarm_tags",
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_STACK_TAG_PROPERTY",
    "ministack.services.cloudformation.provisioners:_physical_name",
)

Operation = Callable[..., Any]
Body = dict[str, Any]
_KIN = ("ChildrenOfAlarmName", "ParentsOfAlarmName")
_ALLOWED_BESIDE = {*_KIN, "MaxRecords", "NextToken"}
_OF_CHILDREN = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp")
_OF_PARENTS = ("AlarmName", "AlarmArn")


class CompositeAlarms:
    """Wraps MiniStack's operations."""

    def __init__(self, cloudwatch: Any, suppressions: Suppressions) -> None:
        self._cloudwatch = cloudwatch
        self._suppressions = suppressions
        self._put: Operation = cloudwatch._put_composite_alarm
        self._delete: Operation = cloudwatch._delete_alarms
        self._describe: Operation = cloudwatch._describe_alarms

    def put(
        self, params: Mapping[str, Any], body: Body, is_cbor: bool, is_json: bool = False
    ) -> Any:
        """PutCompositeAlarm with all that it may be asked."""
        known = is_cbor or is_json
        why = self._refusal(body) if known else "it is understood in JSON and CBOR only"
        if why is not None:
            return self._wrong(f"PutCompositeAlarm: {why}", is_cbor, is_json)
        # Before it is stored: a new alarm enters its first state at once.
        self._suppressions.put(body)
        answer = self._put(params, body, is_cbor, is_json)
        stored = self._cloudwatch._composite_alarms.get(body["AlarmName"])
        if stored is not None:
            stored.update({f: body[f] for f in FIELDS if body.get(f) is not None})
            stored.setdefault("StateTransitionedTimestamp", stored["StateUpdatedTimestamp"])
        return answer

    def _refusal(self, body: Body) -> str | None:
        rules = self._cloudwatch._composite_alarms.values()
        others = [rule for rule in rules if rule["AlarmName"] != body["AlarmName"]]
        parents = Counter(
            name for rule in others for name in self._cloudwatch._composite_children(rule)
        )
        children = {name: parents[name] for name in self._cloudwatch._composite_children(body)}
        suppressor = body.get(FIELDS[0])
        if suppressor and not self._exists(self._cloudwatch._rule_ref_name(suppressor)):
            return f"ActionsSuppressor must be an existing alarm, got {suppressor}"
        return refusal(body, children)

    def delete(
        self, params: Mapping[str, Any], body: Body, is_cbor: bool, is_json: bool = False
    ) -> Any:
        """DeleteAlarms that refuses an alarm whose composite alarm is suppressed by it.

        Without it that alarm could not be evaluated; AWS documents the refusal only for rules.
        """
        for name in body.get("AlarmNames", ()) if is_cbor or is_json else ():
            if self._exists(name) and self._suppressed_by(name):
                return self._wrong(_depended_on(name), is_cbor, is_json)
        return self._delete(params, body, is_cbor, is_json)

    def _suppressed_by(self, name: str) -> list[str]:
        there = self._cloudwatch._composite_alarms
        return [each for each in self._suppressions.depending_on(name) if each in there]

    def describe(
        self, params: Mapping[str, Any], body: Body, is_cbor: bool, is_json: bool = False
    ) -> Any:
        """DescribeAlarms that knows the children and parents of an alarm."""
        asked = [field for field in _KIN if body.get(field)]
        if not asked:
            return self._describe(params, body, is_cbor, is_json)
        others = sorted(field for field in body if field not in _ALLOWED_BESIDE)
        if others or len(asked) > 1:
            beside = ", ".join([*others, *asked[1:]])
            return self._wrong(f"{asked[0]} cannot be specified beside {beside}", is_cbor, is_json)
        found = self._kin(asked[0], body[asked[0]])
        if is_json:
            return self._cloudwatch._json_ok(found)
        shown = {kind: [self._cloudwatch._cbor_alarm(a) for a in found[kind]] for kind in found}
        return self._cloudwatch._cbor_ok(shown)

    def _kin(self, field: str, name: str) -> dict[str, list[Body]]:
        metric, composite = self._cloudwatch._alarms, self._cloudwatch._composite_alarms
        if field == "ParentsOfAlarmName":
            names = [
                parent["AlarmName"]
                for parent in composite.values()
                if name in self._cloudwatch._composite_children(parent)
            ]
            shown = _OF_PARENTS
        else:
            parent = composite.get(name) or {}
            names, shown = self._cloudwatch._composite_children(parent), _OF_CHILDREN
        return {
            kind: [{f: store[each][f] for f in shown} for each in sorted(names) if each in store]
            for kind, store in (("MetricAlarms", metric), ("CompositeAlarms", composite))
        }

    def _exists(self, name: str) -> bool:
        return name in self._cloudwatch._alarms or name in self._cloudwatch._composite_alarms

    def _wrong(self, why: str, is_cbor: bool, is_json: bool) -> Any:
        return self._cloudwatch._error(
            "ValidationError", why, 400, use_json=is_json, use_cbor=is_cbor
        )


def _depended_on(name: str) -> str:
    return f"Cannot delete {name} as there are composite alarm(s) depending on it."


class TemplateAlarms:
    """``AWS::CloudWatch::CompositeAlarm``: ``Ref`` gives the name, ``GetAtt`` the ``Arn``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-compositealarm.html
    """

    def __init__(self, cloudwatch: Any, physical_name: Callable[..., str]) -> None:
        self._cloudwatch = cloudwatch
        self._physical_name = physical_name

    def create(
        self, logical_id: str, properties: Mapping[str, Any], stack: str
    ) -> tuple[str, dict[str, Any]]:
        name = properties.get("AlarmName") or self._physical_name(stack, logical_id, max_len=255)
        asked = {**properties, "AlarmName": name}
        for field in FIELDS[1:]:
            if asked.get(field) is not None:
                asked[field] = int(asked[field])
        if "ActionsEnabled" in asked:
            asked["ActionsEnabled"] = str(asked["ActionsEnabled"]).lower() == "true"
        tags = asked.pop("Tags", None) or []
        _checked(self._cloudwatch._put_composite_alarm({}, asked, False, True))
        # PutCompositeAlarm takes tags of new alarms only; a template's hold for updates as well.
        self._cloudwatch.cloudformation_set_metric_alarm_tags(name, tags)
        return name, {"Arn": self._cloudwatch._composite_alarms[name]["AlarmArn"]}

    def update(
        self, physical_id: str, old: Mapping[str, Any], new: Mapping[str, Any], stack: str
    ) -> tuple[str, dict[str, Any]]:
        """Put it again; another name is another alarm."""
        name = new.get("AlarmName") or physical_id
        answer = self.create(physical_id, {**new, "AlarmName": name}, stack)
        if name != physical_id:
            self.delete(physical_id, old)
        return answer

    def delete(self, physical_id: str, properties: Mapping[str, Any]) -> None:  # noqa: ARG002
        asked = {"AlarmNames": [physical_id]}
        _checked(self._cloudwatch._delete_alarms({}, asked, False, True))


def _checked(answer: Any) -> None:
    status, _, body = answer
    if status != 200:
        told = json.loads(body)
        raise ValueError(told.get("message") or told.get("Message") or str(told))


def install(cloudwatch: Any, provisioners: Any, suppressions: Suppressions) -> None:
    alarms = CompositeAlarms(cloudwatch, suppressions)
    cloudwatch._put_composite_alarm = alarms.put
    cloudwatch._delete_alarms = alarms.delete
    cloudwatch._describe_alarms = alarms.describe
    templates = TemplateAlarms(cloudwatch, provisioners._physical_name)
    provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::CompositeAlarm"] = {
        "create": templates.create,
        "update": templates.update,
        "delete": templates.delete,
    }
    provisioners._STACK_TAG_PROPERTY["AWS::CloudWatch::CompositeAlarm"] = ("Tags", "list")
