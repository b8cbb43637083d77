"""The operations on scaling policies, which make and delete the alarms they consist of.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.applicationautoscaling.errors import object_not_found, unsupported
from emulator.applicationautoscaling.paging import page
from emulator.applicationautoscaling.policy import Direction, Policy, checked
from emulator.applicationautoscaling.target import Resource, Target
from emulator.ports import Account
from emulator.sagemaker.operations import Request, Response, operation


class Policies:
    """No lock is held while CloudWatch is asked: it may be waiting for an answer of ours."""

    def __init__(self, account: Account, target_of: Callable[[Resource], Target]) -> None:
        self._account = account
        self._target_of = target_of
        self._policies: dict[tuple[Resource, str], Policy] = {}

    def all(self) -> list[Policy]:
        return list(self._policies.values())

    def of(self, resource: Resource) -> list[Policy]:
        return [policy for policy in self.all() if policy.resource == resource]

    def drop(self, resource: Resource) -> None:
        """Delete all policies of a target that is deregistered, and their alarms."""
        for policy in self.of(resource):
            self._policies.pop((resource, policy.name), None)
            self._delete_alarms(policy)

    @operation("PutScalingPolicy")
    def put(self, request: Request) -> Response:
        kind = request.get("PolicyType", "StepScaling")
        if kind != "TargetTrackingScaling":
            raise unsupported(f"PolicyType {kind} (TargetTrackingScaling only)")
        resource = self._target_of(Resource.of(request)).resource
        configuration = checked(request.get("TargetTrackingScalingPolicyConfiguration"))
        key = resource, request["PolicyName"]
        known = self._policies.get(key)
        if known is None:
            policy = self._new(resource, request["PolicyName"], configuration)
        else:
            policy = replace(known, configuration=configuration)
        if known is None or known.configuration != configuration:
            self._put_alarms(policy)
        self._policies[key] = policy
        told = self._described(policy)
        return {"PolicyARN": told["PolicyARN"], "Alarms": told["Alarms"]}

    @operation("DescribeScalingPolicies")
    def describe(self, request: Request) -> Response:
        names, resource = request.get("PolicyNames"), request.get("ResourceId")
        found = [
            self._described(policy)
            for policy in self.all()
            if (names is None or policy.name in names) and resource in (None, policy.resource.id)
        ]
        return page(found, request, key="ScalingPolicies")

    @operation("DeleteScalingPolicy")
    def delete(self, request: Request) -> Response:
        resource, name = Resource.of(request), request["PolicyName"]
        policy = self._policies.pop((resource, name), None)
        if policy is None:
            words = f"{resource.words()}, policy name: {name}"
            raise object_not_found(f"No scaling policy found for {words}")
        self._delete_alarms(policy)
        return {}

    def _new(self, resource: Resource, name: str, configuration: Mapping[str, Any]) -> Policy:
        identity = f"{self._account.region}:{self._account.account_id}"
        return Policy(
            name=name,
            arn=f"arn:aws:autoscaling:{identity}:scalingPolicy:{uuid.uuid4()}:resource/sagemaker/"
            f"{resource.id}:policyName/{name}",
            resource=resource,
            created=self._account.clock.now(),
            configuration=configuration,
            alarms={
                side: f"TargetTracking-{resource.id}-{side}-{uuid.uuid4()}" for side in Direction
            },
        )

    def _put_alarms(self, policy: Policy) -> None:
        for side in Direction:
            self._account.client("cloudwatch").put_metric_alarm(**policy.alarm(side))

    def _delete_alarms(self, policy: Policy) -> None:
        names = list(policy.alarms.values())
        self._account.client("cloudwatch").delete_alarms(AlarmNames=names)

    def _described(self, policy: Policy) -> dict[str, Any]:
        root = f"arn:aws:cloudwatch:{self._account.region}:{self._account.account_id}:alarm:"
        return policy.described({side: root + name for side, name in policy.alarms.items()})
