"""Application Auto Scaling as its neighbours see it: the clock, the alarms, SageMaker, callers."""

from datetime import datetime

from emulator.applicationautoscaling.errors import unsupported
from emulator.applicationautoscaling.paging import page
from emulator.applicationautoscaling.policies import Policies
from emulator.applicationautoscaling.scaler import Alarms, Scaler
from emulator.applicationautoscaling.target import Resource, Target
from emulator.applicationautoscaling.targets import Targets
from emulator.applicationautoscaling.variants import Variants
from emulator.ports import Account
from emulator.sagemaker.operations import Request, Response, operation


class Scaling:
    """Implements :class:`emulator.sagemaker.endpoints.update.Scaling` as well."""

    def __init__(self, account: Account, alarms: Alarms) -> None:
        self._clock = account.clock
        variants = Variants(lambda: account.client("sagemaker"))
        self.policies = Policies(account, lambda resource: self.targets.get(resource))
        self.targets = Targets(account, variants, bounded=self._bounded, dropped=self.policies.drop)
        self._scaler = Scaler(
            account.clock, variants, alarms, lambda target: self.policies.of(target.resource)
        )

    def next_due(self) -> datetime | None:
        """Return when an alarm that still rings is to be looked at again."""
        waiting = [
            target.retry
            for target in self.targets.all()
            if target.retry is not None and not target.acting
        ]
        return min(waiting, default=None)

    def run_due(self) -> None:
        now = self._clock.now()
        for target in self.targets.all():
            if target.retry is not None and target.retry <= now:
                self._scaler.consider(target)

    def busy(self) -> bool:
        return any(target.acting for target in self.targets.all())

    def alarmed(self, policy_arn: str, alarm: str) -> None:
        """Act on an alarm whose action is a policy, as CloudWatch calls it."""
        for policy in self.policies.all():
            if policy.arn == policy_arn:
                policy.ringing |= {side for side, name in policy.alarms.items() if name == alarm}
                self._scaler.consider(self.targets.get(policy.resource))

    def since(self, endpoint: str, variant: str) -> datetime | None:
        """Return since when a variant is a scalable target; takes no lock."""
        return self.targets.since(Resource(endpoint=endpoint, variant=variant))

    def scaled(self, endpoint: str) -> frozenset[str]:
        targets = self.targets.all()
        return frozenset(
            one.resource.variant for one in targets if one.resource.endpoint == endpoint
        )

    def forget(self, endpoint: str) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html"""
        for target in self.targets.all():
            if target.resource.endpoint == endpoint:
                self.targets.drop(target.resource)

    @operation("DescribeScalingActivities")
    def describe_activities(self, request: Request) -> Response:
        if request.get("IncludeNotScaledActivities", False):
            raise unsupported("IncludeNotScaledActivities")
        resource = request.get("ResourceId")
        found = [
            activity.described()
            for activity in reversed(list(self._scaler.activities))
            if resource in (None, activity.resource.id)
        ]
        return page(found, request, key="ScalingActivities")

    def _bounded(self, target: Target) -> None:
        self._scaler.enforce(target)
        self._scaler.consider(target)
