"""A person brings back an endpoint that was removed while nobody asked it."""

from contracts.run import Purpose
from perennial import endpoint, promotions, registry, state
from perennial.account import Account
from perennial.deployed import Deployed
from perennial.endpoint import ABSENT
from perennial.promotion import asked
from perennial.refusal import Refused


def wake(account: Account, deployed: Deployed, *, reason: str) -> str:
    """Start the machine that makes the champion's endpoint again; return its execution's ARN."""
    if not deployed.has_endpoint:
        raise Refused(
            f"{deployed.model} serves in batches: it has no endpoint",
            next_step="score files with: perennial batch",
        )
    running = promotions.under_way(account, deployed)
    if running is not None and running.request.purpose is Purpose.WAKE:
        return running.arn
    champion = state.champion(account.client("dynamodb"), deployed.state_table, deployed.model)
    if champion is None:
        raise Refused(
            f"no version of {deployed.model} was promoted yet: there is nothing to wake",
            next_step="train the first one with: perennial retrain",
        )
    sagemaker = account.client("sagemaker")
    found = endpoint.find(sagemaker, deployed.endpoint)
    if found.status != ABSENT:
        raise Refused(
            f"endpoint {deployed.endpoint} is there: {found.line()}",
            next_step="see it with: perennial status",
        )
    package = registry.package(sagemaker, deployed.package_group, champion.version)
    request = asked(account, deployed, package, purpose=Purpose.WAKE, id="wakes", reason=reason)
    return promotions.start(account, deployed, request, arn=package.version.arn)
