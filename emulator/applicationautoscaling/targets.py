"""The operations on scalable targets and their tags.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

import threading
import uuid
from collections.abc import Callable
from datetime import datetime

from emulator.applicationautoscaling.errors import object_not_found, resource_not_found, validation
from emulator.applicationautoscaling.paging import page
from emulator.applicationautoscaling.target import Resource, Target
from emulator.applicationautoscaling.variants import Variants
from emulator.ports import Account
from emulator.sagemaker.operations import Request, Response, operation

_ROLE = (
    "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
"""https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html"""


class Targets:
    """``bounded`` is called when bounds were set, ``dropped`` before a target is forgotten."""

    def __init__(
        self,
        account: Account,
        variants: Variants,
        *,
        bounded: Callable[[Target], object],
        dropped: Callable[[Resource], object],
    ) -> None:
        self._account = account
        self._variants = variants
        self._bounded = bounded
        self._dropped = dropped
        self._targets: dict[Resource, Target] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Target]:
        return list(self._targets.values())

    def get(self, resource: Resource) -> Target:
        target = self._targets.get(resource)
        if target is None:
            raise object_not_found(f"No scalable target found for {resource.words()}")
        return target

    def since(self, resource: Resource) -> datetime | None:
        """Return when a variant was registered; asked for by the alarms, and takes no lock."""
        target = self._targets.get(resource)
        return None if target is None else target.created

    def drop(self, resource: Resource) -> None:
        self._dropped(resource)
        self._targets.pop(resource, None)

    @operation("RegisterScalableTarget")
    def register(self, request: Request) -> Response:
        resource = Resource.of(request)
        with self._lock:
            target = self._targets.get(resource)
            target = self._new(resource, request) if target is None else target
            target.bound(request)
            self._targets[resource] = target
        self._bounded(target)
        return {"ScalableTargetARN": target.arn}

    @operation("DeregisterScalableTarget")
    def deregister(self, request: Request) -> Response:
        self.drop(self.get(Resource.of(request)).resource)
        return {}

    @operation("DescribeScalableTargets")
    def describe(self, request: Request) -> Response:
        wanted = request.get("ResourceIds")
        found = [
            target.described()
            for target in self.all()
            if wanted is None or target.resource.id in wanted
        ]
        return page(found, request, key="ScalableTargets")

    @operation("TagResource")
    def tag(self, request: Request) -> Response:
        self._by_arn(request["ResourceARN"]).tags.update(request["Tags"])
        return {}

    @operation("UntagResource")
    def untag(self, request: Request) -> Response:
        target = self._by_arn(request["ResourceARN"])
        for key in request["TagKeys"]:
            target.tags.pop(key, None)
        return {}

    @operation("ListTagsForResource")
    def list_tags(self, request: Request) -> Response:
        return {"Tags": dict(self._by_arn(request["ResourceARN"]).tags)}

    def _new(self, resource: Resource, request: Request) -> Target:
        for member in ("MinCapacity", "MaxCapacity"):
            if member not in request:
                raise validation(f"{member} is required to register a new scalable target")
        if self._variants.capacity(resource) is None:
            raise validation(
                f"SageMaker variant doesn't exist: {resource.id} (a production variant with "
                "instances)"
            )
        identity = f"{self._account.region}:{self._account.account_id}"
        return Target(
            resource=resource,
            arn=f"arn:aws:application-autoscaling:{identity}:scalable-target/{uuid.uuid4().hex}",
            role=request.get("RoleARN", f"arn:aws:iam::{self._account.account_id}:{_ROLE}"),
            created=self._account.clock.now(),
            least=request["MinCapacity"],
            most=request["MaxCapacity"],
            tags=dict(request.get("Tags", {})),
        )

    def _by_arn(self, arn: str) -> Target:
        for target in self.all():
            if target.arn == arn:
                return target
        raise resource_not_found(arn)
