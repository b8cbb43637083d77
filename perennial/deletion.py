"""A person deletes a version from the registry, unless something still refers to it."""

from contracts.ledger import LedgerEntry, LedgerKind
from perennial import ledger, promotions, registry, state, targets
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.refusal import Refused


def delete(account: Account, deployed: Deployed, number: int, *, reason: str) -> str:
    """Delete the package; its artifact, record and evidence stay. Return what was done."""
    sagemaker = account.client("sagemaker")
    package = registry.package(sagemaker, deployed.package_group, number)
    _refuse_referenced(account, deployed, package.version.arn, number)
    sagemaker.delete_model_package(ModelPackageName=package.version.arn)
    summary = f"version {number} ({package.version.approval}) was deleted by a person: {reason}"
    ledger.append(
        account.client("dynamodb"),
        table=deployed.ledger_table,
        entry=LedgerEntry(
            model=deployed.model,
            at=account.now(),
            kind=LedgerKind.VERSION_DELETED,
            subject=package.metadata.get("run_id", str(number)),
            summary=summary,
            details={
                "model_package_arn": package.version.arn,
                "artifact": package.model_data_url,
                "image": package.image_uri,
                "reason": reason,
            },
        ),
    )
    return summary


def _refuse_referenced(account: Account, deployed: Deployed, arn: str, number: int) -> None:
    """The registry's own policy refuses targets too; this says why, and sees what runs."""
    dynamodb, sagemaker = account.client("dynamodb"), account.client("sagemaker")
    champion = state.champion(dynamodb, deployed.state_table, deployed.model)
    running = promotions.under_way(account, deployed)
    if champion is not None and champion.model_package_arn == arn:
        why, then = "it is the champion", "promote another version first"
    elif running is not None and running.version == number:
        why, then = f"{running.name} is putting it in place", "wait for its end: perennial status"
    elif arn in targets.protected(sagemaker, deployed.package_group):
        why = "it is kept to be rolled back to"
        then = "it is let go once serving.kept_versions newer ones have served"
    else:
        return
    raise Refused(f"version {number} cannot be deleted: {why}", next_step=then)
