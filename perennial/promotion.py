"""A person promotes a version: approves it where needed, and starts the promotion machine."""

from typing import Any

from contracts import moment, naming
from contracts.run import Cause, CauseKind, Purpose, RunRequest
from perennial import promotions, registry, state
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.refusal import Refused
from perennial.registry import APPROVED_BY_A_PERSON, Package


def promote(
    account: Account, deployed: Deployed, number: int, *, approve: bool, reason: str | None
) -> str:
    """Start the promotion of version ``number``; return the execution's ARN.

    The machine verifies artifact, image and environment itself, whoever starts it.
    """
    sagemaker = account.client("sagemaker")
    refuse_paused(account, deployed)
    package = registry.package(sagemaker, deployed.package_group, number)
    if package.version.approval != "Approved":
        _approve(sagemaker, package, approve=approve, reason=reason)
    request = asked(
        account,
        deployed,
        package,
        purpose=Purpose.RETRAIN,
        id=f"promotes-{number}",
        reason=reason or f"promotion of version {number}",
    )
    return promotions.start(account, deployed, request, arn=package.version.arn)


def refuse_paused(account: Account, deployed: Deployed) -> None:
    pause = state.pause(account.client("dynamodb"), deployed.state_table, deployed.model)
    if pause is not None:
        raise Refused(
            f"{deployed.model} is paused {pause.line()}",
            next_step="let runs and promotions start again with: perennial resume; a rollback "
            "needs no resumption; docs/runbooks/promotion-paused.md",
        )


def asked(
    account: Account,
    deployed: Deployed,
    package: Package,
    *,
    purpose: Purpose,
    id: str,
    reason: str,
) -> RunRequest:
    """Rebuild the request of a run from the evidence that the package carries."""
    as_of = account.now()
    cause = Cause(kind=CauseKind.PERSON, id=f"person-{id}-{moment.render(as_of)}", detail=reason)
    dynamodb = account.client("dynamodb")
    return RunRequest(
        run_id=naming.run_id(deployed.model, deployed.environment, cause.id),
        model=deployed.model,
        environment=deployed.environment,
        purpose=purpose,
        as_of=as_of,
        cause=cause,
        fencing_token=state.fencing_token(dynamodb, deployed.state_table, deployed.model),
        image_uri=package.image_uri,
        image_digest=package.evidence("image_digest"),
        code_uri=package.evidence("code_uri"),
        code_commit=package.metadata.get("code_commit", "unknown"),
        champion=state.champion(dynamodb, deployed.state_table, deployed.model),
    )


def _approve(sagemaker: Any, package: Package, *, approve: bool, reason: str | None) -> None:
    described = f"version {package.version.version} is {package.version.approval}"
    if not approve or not reason:
        raise Refused(
            f"{described}{': ' + package.reason if package.reason else ''}",
            next_step="approve it yourself, saying why: perennial promote "
            f"{package.version.version} --approve --reason '…'",
        )
    sagemaker.update_model_package(
        ModelPackageArn=package.version.arn,
        ModelApprovalStatus="Approved",
        ApprovalDescription=f"{APPROVED_BY_A_PERSON}{reason}"[:1024],
    )
