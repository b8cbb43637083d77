import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contracts import moment, naming
from contracts.ledger import LedgerEntry, LedgerKind
from contracts.run import Champion
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.package_policy import PackagePolicy
from lambdas.promotion.targets import Targets
from tests.unit.lambdas.examples import CARD, CHAMPION

CARD_OF_TWO = replace(CARD, serving=replace(CARD.serving, kept_versions=2))
OTHERS = {"Sid": "Readers", "Effect": "Allow", "Principal": {"AWS": "1"}, "Action": "*"}


class PolicyKeeping:
    """moto's SageMaker with the resource policy of a group, which moto lacks."""

    def __init__(self, sagemaker: Any, *statements: Mapping[str, Any]) -> None:
        self._sagemaker = sagemaker
        self.policy = json.dumps({"Statement": statements}) if statements else None
        self.put = 0

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._sagemaker, operation)

    def get_model_package_group_policy(self, *, ModelPackageGroupName: str) -> dict[str, str]:
        if self.policy is None:
            raise missing(ModelPackageGroupName)
        return {"ResourcePolicy": self.policy}

    def put_model_package_group_policy(
        self, *, ModelPackageGroupName: str, ResourcePolicy: str
    ) -> None:
        assert ModelPackageGroupName == "churn-dev"
        self.policy, self.put = ResourcePolicy, self.put + 1

    def delete_model_package_group_policy(self, *, ModelPackageGroupName: str) -> None:
        if self.policy is None:
            raise missing(ModelPackageGroupName)
        self.policy = None

    def statements(self) -> dict[str, Any]:
        return {one["Sid"]: one for one in json.loads(self.policy or "{}")["Statement"]}

    def names(self) -> tuple[set[str], set[str]]:
        models = self._sagemaker.list_models()["Models"]
        configs = self._sagemaker.list_endpoint_configs()["EndpointConfigs"]
        return (
            {one["ModelName"] for one in models},
            {one["EndpointConfigName"] for one in configs},
        )


def missing(group: str) -> ClientError:
    told = {"Code": "ValidationException", "Message": f"Cannot find resource policy for: {group}"}
    return ClientError({"Error": told}, "GetModelPackageGroupPolicy")


def arn(version: int) -> str:
    return f"arn:aws:sagemaker:eu-west-1:111122223333:model-package/churn-dev/{version}"


def deployment(version: int) -> str:
    return f"churn-dev-v{version}-{version:08}"


def serve(sagemaker: Any, ledger: Ledger, version: int) -> Champion:
    """What a promotion leaves when it ends."""
    name = deployment(version)
    role = "arn:aws:iam::123456789012:role/endpoint-role"
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=role)
    variant = {"VariantName": "live", "ModelName": name, "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "InstanceType": "ml.m5.large"}]
    )
    ledger.append(
        LedgerEntry(
            model="churn",
            at=moment.parse(f"1997-07-0{version}T00:00:00Z"),
            kind=LedgerKind.PROMOTED,
            subject=name,
            summary="…",
            details={"model_package_arn": arn(version)},
        )
    )
    return replace(
        CHAMPION, version=version, model_package_arn=arn(version), deployment=deployment(version)
    )


def targets(sagemaker: Any, ledger: Ledger) -> Targets:
    return Targets(
        card=CARD_OF_TWO,
        environment="dev",
        policy=PackagePolicy(sagemaker, group="churn-dev"),
        ledger=ledger,
        sagemaker=sagemaker,
    )


def test_the_champion_and_those_before_it_cannot_be_deleted(sagemaker: Any, ledger: Ledger) -> None:
    keeping = PolicyKeeping(sagemaker)
    for version in (1, 2, 3, 4):
        champion = serve(keeping, ledger, version)
        targets(keeping, ledger).keep(champion)

    denial = keeping.statements()["KeepRollbackTargets"]
    assert (denial["Effect"], denial["Action"]) == ("Deny", ["sagemaker:DeleteModelPackage"])
    assert denial["Resource"] == [arn(2), arn(3), arn(4)]


def test_what_nobody_goes_back_to_is_deleted_and_nothing_else(
    sagemaker: Any, ledger: Ledger
) -> None:
    keeping = PolicyKeeping(sagemaker)
    champion = [serve(keeping, ledger, version) for version in (1, 2, 3, 4)][-1]
    sagemaker.create_model(
        ModelName=naming.trial(champion.deployment),
        ExecutionRoleArn="arn:aws:iam::123456789012:role/endpoint-role",
    )
    # A candidate in the making, whose promotion may be redriven, has served nobody yet.
    role = "arn:aws:iam::123456789012:role/endpoint-role"
    sagemaker.create_model(ModelName="churn-dev-v5-candidate", ExecutionRoleArn=role)

    targets(keeping, ledger).keep(champion)

    models, configs = keeping.names()
    assert configs == {deployment(2), deployment(3), deployment(4)}
    assert models == {*configs, "churn-dev-v5-candidate"}


def test_keeping_again_changes_nothing(sagemaker: Any, ledger: Ledger) -> None:
    keeping = PolicyKeeping(sagemaker)
    champion = serve(keeping, ledger, 1)

    targets(keeping, ledger).keep(champion)
    targets(keeping, ledger).keep(champion)

    assert keeping.put == 1


def test_a_policy_that_others_wrote_keeps_their_statements(sagemaker: Any, ledger: Ledger) -> None:
    keeping = PolicyKeeping(sagemaker, OTHERS)

    targets(keeping, ledger).keep(serve(keeping, ledger, 1))
    targets(keeping, ledger).keep(serve(keeping, ledger, 2))

    assert set(keeping.statements()) == {"Readers", "KeepRollbackTargets"}
    assert keeping.statements()["Readers"] == OTHERS


def test_removing_a_policy_that_is_not_there_is_no_error(sagemaker: Any) -> None:
    PackagePolicy(PolicyKeeping(sagemaker), group="churn-dev").remove()


def test_another_error_than_a_missing_policy_is_not_swallowed(sagemaker: Any) -> None:
    class Denying(PolicyKeeping):
        def get_model_package_group_policy(self, *, ModelPackageGroupName: str) -> dict[str, str]:
            told = {"Code": "AccessDeniedException", "Message": f"no: {ModelPackageGroupName}"}
            raise ClientError({"Error": told}, "GetModelPackageGroupPolicy")

    with pytest.raises(ClientError, match="AccessDeniedException"):
        PackagePolicy(Denying(sagemaker), group="churn-dev").keep([arn(1)])
