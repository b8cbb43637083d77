"""The resource types that CloudFormation provisions here, beside or instead of MiniStack's.

A type that nobody provisions fails its stack by name: MiniStack sees to that.
"""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import scheduler
from ministack.services.cloudformation import provisioners

from emulator.ministack.sagemaker_tasks import SageMaker
from emulator.ports import Account
from emulator.sagemaker.errors import ServiceError

SEAMS = (
    "ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",
    "ministack.services.cloudformation.provisioners:_physical_name",
    "ministack.services.scheduler:_create_schedule",
    "ministack.services.scheduler:_schedules",
    "ministack.services.scheduler:_update_schedule",
)

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]


def install(account: Account, sagemaker: SageMaker) -> None:
    groups = ModelPackageGroups(sagemaker, f"{account.region}:{account.account_id}")
    provisioners._RESOURCE_HANDLERS["AWS::SageMaker::ModelPackageGroup"] = {
        "create": groups.create,
        "update": groups.update,
        "delete": groups.delete,
    }
    schedules = provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"]
    schedules["create"] = create_schedule
    schedules["update"] = update_schedule


class ModelPackageGroups:
    """``Ref`` gives the ARN, ``GetAtt`` also ``CreationTime`` and ``ModelPackageGroupStatus``.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sagemaker-modelpackagegroup.html
    """

    def __init__(self, sagemaker: SageMaker, scope: str) -> None:
        self._sagemaker = sagemaker
        self._scope = scope

    def create(self, logical_id: str, properties: Properties, stack: str) -> Created:  # noqa: ARG002
        request = {
            name: properties[name]
            for name in ("ModelPackageGroupName", "ModelPackageGroupDescription", "Tags")
            if properties.get(name)
        }
        self._sagemaker.call("CreateModelPackageGroup", request)
        self._police(properties["ModelPackageGroupName"], {}, properties)
        return self._described(properties["ModelPackageGroupName"])

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Created:
        """Replace where a name or description changed; tags change in place."""
        for name in ("ModelPackageGroupName", "ModelPackageGroupDescription"):
            if old.get(name) != new.get(name):
                if name == "ModelPackageGroupDescription":
                    self.delete(physical_id, old)
                return self.create("", new, stack)
        self._retag(physical_id, old.get("Tags") or [], new.get("Tags") or [])
        self._police(new["ModelPackageGroupName"], old, new)
        return self._described(new["ModelPackageGroupName"])

    def _retag(self, arn: str, old: list[Properties], new: list[Properties]) -> None:
        gone = {tag["Key"] for tag in old} - {tag["Key"] for tag in new}
        if gone:
            self._sagemaker.call("DeleteTags", {"ResourceArn": arn, "TagKeys": sorted(gone)})
        if new:
            self._sagemaker.call("AddTags", {"ResourceArn": arn, "Tags": new})

    def _police(self, name: str, old: Properties, new: Properties) -> None:
        before, after = (each.get("ModelPackageGroupPolicy") for each in (old, new))
        if after and after != before:
            policy = {"ModelPackageGroupName": name, "ResourcePolicy": json.dumps(after)}
            self._sagemaker.call("PutModelPackageGroupPolicy", policy)
        elif before and not after:
            self._sagemaker.call("DeleteModelPackageGroupPolicy", {"ModelPackageGroupName": name})

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        """Delete the group; as on AWS a group that holds packages fails the stack's deletion."""
        name = physical_id.rsplit("/", 1)[-1]
        try:
            self._sagemaker.call("DeleteModelPackageGroup", {"ModelPackageGroupName": name})
        except ServiceError as error:
            if "does not exist" not in error.message:
                raise

    def _described(self, name: str) -> Created:
        described = self._sagemaker.call(
            "DescribeModelPackageGroup", {"ModelPackageGroupName": name}
        )
        arn = described["ModelPackageGroupArn"]
        return arn, {
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": described["ModelPackageGroupStatus"],
            "CreationTime": described["CreationTime"].isoformat(),
        }


def create_schedule(logical_id: str, properties: Properties, stack: str) -> Created:
    """Create a schedule with all its properties: MiniStack drops time zone, start and end."""
    name = properties.get("Name") or provisioners._physical_name(stack, logical_id, max_len=64)
    answer = _checked(scheduler._create_schedule(name, _schedule(properties)))
    return name, {"Arn": answer["ScheduleArn"]}


def update_schedule(
    physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
) -> Created:
    """Update in place; another name or group is another schedule.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html
    """
    moved = old.get("GroupName") != new.get("GroupName")
    if moved or new.get("Name", physical_id) != physical_id:
        return create_schedule(logical_id or physical_id, {"Name": physical_id, **new}, stack)
    answer = _checked(scheduler._update_schedule(physical_id, _schedule(new)))
    return physical_id, {"Arn": answer["ScheduleArn"]}


def _schedule(properties: Properties) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in ("Name", "Tags")}


def _checked(answer: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = answer
    told = json.loads(body)
    if status != 200:
        raise ValueError(f"{told['__type']}: {told['Message']}")
    return told
