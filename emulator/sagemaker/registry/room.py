"""The API calls about model package groups and model packages."""

import threading
from datetime import datetime
from typing import Any

from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.errors import ServiceError, not_supported, validation
from emulator.sagemaker.listing import page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.registry.group import Group
from emulator.sagemaker.registry.package import Package
from emulator.sagemaker.registry.policy import Policy, parse
from emulator.sagemaker.store import Records

_REFUSED = ("ValidationSpecification", "SourceAlgorithmSpecification")
"""They would run jobs, or name an algorithm of the Marketplace."""


class Registry:
    def __init__(self, account: Account, images: Images) -> None:
        self._account = account
        self._images = images
        self._arns = f"arn:aws:sagemaker:{account.region}:{account.account_id}"
        self._root = f"arn:aws:iam::{account.account_id}:root"
        self._by = {"IamIdentity": {"Arn": self._root, "PrincipalId": account.account_id}}
        self._groups: Records[Group] = Records()
        self._packages: Records[Package] = Records()
        self._policies: dict[str, Policy] = {}
        self._tokens: dict[str, tuple[Request, Response]] = {}
        self._lock = threading.RLock()

    @operation("CreateModelPackageGroup")
    def create_group(self, request: Request) -> Response:
        if "ManagedConfiguration" in request:
            raise not_supported("CreateModelPackageGroup with ManagedConfiguration")
        name: str = request["ModelPackageGroupName"]
        group = Group(
            name=name,
            arn=f"{self._arns}:model-package-group/{name.lower()}",
            created=self._account.clock.now(),
            by=self._by,
            description=request.get("ModelPackageGroupDescription"),
        )
        self._groups.add(
            name,
            group,
            taken=lambda other: validation(f"Model Package Group already exists: {other.arn}"),
        )
        return {"ModelPackageGroupArn": group.arn}

    @operation("DescribeModelPackageGroup")
    def describe_group(self, request: Request) -> Response:
        return self._group(request["ModelPackageGroupName"]).describe()

    @operation("ListModelPackageGroups")
    def list_groups(self, request: Request) -> Response:
        entries = [group.entry() for group in self._groups.all()]
        return page(entries, request, key="ModelPackageGroupSummaryList")

    @operation("DeleteModelPackageGroup")
    def delete_group(self, request: Request) -> Response:
        with self._lock:
            group = self._group(request["ModelPackageGroupName"])
            held = [package for package in self._packages.all() if package.group == group.name]
            if held:
                raise ServiceError(
                    "ConflictException",
                    f"Model Package Group {group.arn} cannot be deleted: "
                    f"it still contains {len(held)} Model Packages",
                )
            self._groups.remove(group.name)
            self._policies.pop(group.name, None)
        return {}

    @operation("PutModelPackageGroupPolicy")
    def put_policy(self, request: Request) -> Response:
        group = self._policed(request)
        self._policies[group.name] = parse(request["ResourcePolicy"])
        return {"ModelPackageGroupArn": group.arn}

    @operation("GetModelPackageGroupPolicy")
    def get_policy(self, request: Request) -> Response:
        return {"ResourcePolicy": self._policy(self._policed(request)).text}

    @operation("DeleteModelPackageGroupPolicy")
    def delete_policy(self, request: Request) -> Response:
        with self._lock:
            group = self._policed(request)
            self._policy(group)
            del self._policies[group.name]
        return {}

    @operation("CreateModelPackage")
    def create_package(self, request: Request) -> Response:
        for member in _REFUSED:
            if member in request:
                raise not_supported(f"CreateModelPackage with {member}")
        with self._lock:
            return self._once(request, self._create_package)

    @operation("DescribeModelPackage")
    def describe_package(self, request: Request) -> Response:
        return self._package(request["ModelPackageName"]).describe()

    @operation("ListModelPackages")
    def list_packages(self, request: Request) -> Response:
        """Without a group, only packages that stand alone unless ModelPackageType says more."""
        group = request.get("ModelPackageGroupName")
        wanted = None if group is None else self._group(group).name
        kind = request.get("ModelPackageType", "Unversioned" if wanted is None else "Versioned")
        approval = request.get("ModelApprovalStatus")
        entries = [
            package.entry()
            for package in self._packages.all()
            if (wanted is None or package.group == wanted)
            and kind in ("Both", "Unversioned" if package.group is None else "Versioned")
            and (approval is None or package.approval == approval)
        ]
        return page(entries, request, key="ModelPackageSummaryList")

    @operation("UpdateModelPackage")
    def update_package(self, request: Request) -> Response:
        with self._lock:
            return self._once(request, self._update_package)

    @operation("DeleteModelPackage")
    def delete_package(self, request: Request) -> Response:
        package = self._package(request["ModelPackageName"])
        policy = None if package.group is None else self._policies.get(package.group)
        if policy is not None:
            policy.refuse("DeleteModelPackage", package.arn, caller=self._root)
        self._packages.remove(package.arn)
        return {}

    def _once(self, request: Request, answer: Any) -> Response:
        """Answer a repeated ClientToken as the first time; refuse it with another request."""
        token = request.get("ClientToken")
        if token is None:
            return answer(request)
        if token in self._tokens:
            asked, answered = self._tokens[token]
            if asked != request:
                raise ServiceError(
                    "ConflictException", f"ClientToken {token} was used with another request"
                )
            return answered
        answered = answer(request)
        self._tokens[token] = (request, answered)
        return answered

    def _create_package(self, request: Request) -> Response:
        name, group_name = (request.get(f"ModelPackage{part}Name") for part in ("", "Group"))
        if name is not None and group_name is not None:
            raise validation(
                "Both ModelPackageName and ModelPackageGroupName are provided in the input. "
                "Cannot determine which one to use."
            )
        if name is None and group_name is None:
            raise validation("Missing ARN.")
        if group_name is not None and request.get("Tags"):
            # "In this case, you cannot supply a tag argument" (the API reference of this call).
            raise validation("Tags cannot be supplied for a model package of a group")
        group = None if group_name is None else self._group(group_name)
        version = None if group is None else next(group.versions)
        tail = name if group is None else f"{group.name}/{version}"
        package = Package.from_request(
            self._with_digests(request),
            arn=f"{self._arns}:model-package/{str(tail).lower()}",
            group=None if group is None else group.name,
            version=version,
            now=self._account.clock.now(),
            by=self._by,
        )
        self._packages.add(
            package.arn,
            package,
            taken=lambda other: validation(f"Model Package already exists: {other.arn}"),
        )
        self._announce(package, [])
        return {"ModelPackageArn": package.arn}

    def _with_digests(self, request: Request) -> dict[str, Any]:
        """SageMaker notes the digest of each image: what a tag meant when it was registered."""
        specification = request.get("InferenceSpecification")
        if specification is None:
            return dict(request)
        containers: list[dict[str, Any]] = []
        for container in specification["Containers"]:
            image = self._images.resolve(container["Image"]) if "Image" in container else None
            digest = {} if image is None else {"ImageDigest": image.digest}
            containers.append(digest | container)
        return {**request, "InferenceSpecification": {**specification, "Containers": containers}}

    def _update_package(self, request: Request) -> Response:
        package = self._package(request["ModelPackageArn"])
        changed = package.update(request, self._account.clock.now(), self._by)
        self._announce(package, changed)
        return {"ModelPackageArn": package.arn}

    def _policed(self, request: Request) -> Group:
        name: str = request["ModelPackageGroupName"]
        group = self._groups.get(name)
        if group is None:
            arn = f"{self._arns}:model-package-group/{name}"
            raise validation(f"Cannot find Model Package Group: {arn}")
        return group

    def _policy(self, group: Group) -> Policy:
        if group.name not in self._policies:
            raise validation(f"Cannot find resource policy for: {group.arn}")
        return self._policies[group.name]

    def _group(self, name_or_arn: str) -> Group:
        name = name_or_arn.rpartition("/")[2]
        for group in self._groups.all():
            if group.name == name or group.arn == name_or_arn.lower():
                return group
        arn = f"{self._arns}:model-package-group/{name}"
        raise validation(f"ModelPackageGroup {arn} does not exist.")

    def _package(self, name_or_arn: str) -> Package:
        own = (
            name_or_arn
            if name_or_arn.startswith("arn:")
            else f"{self._arns}:model-package/{name_or_arn}"
        )
        package = self._packages.get(own.lower())
        if package is None:
            raise validation(f"ModelPackage {own} does not exist.")
        return package

    def _announce(self, package: Package, changed: list[str]) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html."""
        detail = {
            name: value
            for name, value in package.describe().items()
            if name not in ("ModelPackageName", "CreatedBy", "LastModifiedBy")
        }
        if changed:
            detail["UpdatedModelPackageFields"] = changed
        self._account.put_event(
            source="aws.sagemaker",
            detail_type="SageMaker Model Package State Change",
            detail={name: _in_iso(value) for name, value in detail.items()},
            resources=[package.arn],
        )


def _in_iso(value: Any) -> Any:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
