"""Do pointer, registry and endpoint name the same version, and if not, how do they differ?"""

import re
from dataclasses import dataclass
from enum import StrEnum

from contracts.run import Champion
from lambdas.reconciler.facts import Account, Endpoint, Hosted, Package


class Verdict(StrEnum):
    AGREES = "agrees"
    NOTHING_PROMOTED = "nothing_promoted"
    PROMOTION_UNDER_WAY = "promotion_under_way"
    ENDPOINT_CHANGING = "endpoint_changing"
    ASLEEP = "asleep"

    POINTER_NAMES_NOTHING = "pointer_names_nothing"
    PACKAGE_MISSING = "package_missing"
    PACKAGE_NOT_APPROVED = "package_not_approved"
    PACKAGE_DIFFERS = "package_differs"
    ENDPOINT_UNRECORDED = "endpoint_unrecorded"
    ENDPOINT_MISSING = "endpoint_missing"
    ENDPOINT_FAILED = "endpoint_failed"
    ROLLED_BACK_SILENTLY = "rolled_back_silently"
    CHANGED_BY_HAND = "changed_by_hand"
    DEPLOYMENT_MISSING = "deployment_missing"
    MODEL_DIFFERS = "model_differs"


_WELL = (Verdict.AGREES, Verdict.NOTHING_PROMOTED, Verdict.ASLEEP)
_UNDECIDED = (Verdict.PROMOTION_UNDER_WAY, Verdict.ENDPOINT_CHANGING)
_CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    verdict: Verdict
    reason: str

    @property
    def undecided(self) -> bool:
        """Something is changing that will end, and be looked at again then."""
        return self.verdict in _UNDECIDED

    @property
    def mismatch(self) -> bool:
        return not self.undecided and self.verdict not in _WELL


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may excuse that there is no endpoint."""

    asleep: str | None
    """The deployment whose endpoint was removed while idle."""
    has_endpoint: bool
    """False for a model that answers by batch transform only."""


def under_way(promotion: str) -> Decision:
    """Until it has ended, the three may differ."""
    return _said(Verdict.PROMOTION_UNDER_WAY, f"{promotion} holds the endpoint")


def decide(champion: Champion | None, account: Account, standing: Standing) -> Decision:
    """The registry is judged before the endpoint: a version that must not serve matters more."""
    if champion is None:
        return _without_champion(account.endpoint)
    return (
        _registry(champion, account)
        or (_endpoint(champion, account, standing) if standing.has_endpoint else None)
        or _said(
            Verdict.AGREES,
            f"version {champion.version} serves as {champion.deployment}, approved and unchanged",
        )
    )


def _without_champion(endpoint: Endpoint | None) -> Decision:
    if endpoint is None:
        return _said(Verdict.NOTHING_PROMOTED, "there is neither a champion nor an endpoint")
    return _said(
        Verdict.ENDPOINT_UNRECORDED,
        f"endpoint {endpoint.name} is {endpoint.status} on {endpoint.config}, and no champion "
        "pointer names anything",
    )


def _registry(champion: Champion, account: Account) -> Decision | None:
    version, package = f"version {champion.version}", account.package
    if package is None and account.deployment is None:
        return _said(
            Verdict.POINTER_NAMES_NOTHING,
            f"the pointer names {version} as {champion.deployment}; neither exists",
        )
    if package is None:
        return _said(
            Verdict.PACKAGE_MISSING,
            f"{version} serves, and {champion.model_package_arn} is not in the registry",
        )
    if package.status != "Approved":
        return _said(
            Verdict.PACKAGE_NOT_APPROVED,
            f"{version} serves and is {package.status} in the registry, must be Approved",
        )
    if package.artifact_sha256 != champion.artifact_sha256:
        return _said(
            Verdict.PACKAGE_DIFFERS,
            f"{version} was promoted with artifact {champion.artifact_sha256}, and the registry "
            f"says {package.artifact_sha256 or 'nothing'}",
        )
    return None


def _endpoint(champion: Champion, account: Account, standing: Standing) -> Decision | None:
    endpoint = account.endpoint
    if endpoint is None or endpoint.leaving:
        return _absent(champion, endpoint, standing)
    if endpoint.status in _CHANGING:
        return _said(Verdict.ENDPOINT_CHANGING, f"endpoint {endpoint.name} is {endpoint.status}")
    if endpoint.status != "InService":
        why = "" if endpoint.failure is None else f" ({endpoint.failure})"
        return _said(
            Verdict.ENDPOINT_FAILED,
            f"endpoint {endpoint.name} is {endpoint.status}{why}, must be InService",
        )
    return _serving(champion, endpoint) or _model(champion, account.package, account.deployment)


def _absent(champion: Champion, endpoint: Endpoint | None, standing: Standing) -> Decision:
    how = "does not exist" if endpoint is None else "is being deleted"
    if standing.asleep == champion.deployment:
        return _said(
            Verdict.ASLEEP, f"the endpoint of {champion.deployment} was removed while nobody asked"
        )
    return _said(
        Verdict.ENDPOINT_MISSING,
        f"version {champion.version} should serve as {champion.deployment}, and the endpoint {how}",
    )


def _serving(champion: Champion, endpoint: Endpoint) -> Decision | None:
    if endpoint.config == champion.deployment:
        return None
    ours = re.fullmatch(rf"{re.escape(endpoint.name)}-v\d+-[0-9a-f]{{8}}", endpoint.config)
    return _said(
        Verdict.CHANGED_BY_HAND if ours is None else Verdict.ROLLED_BACK_SILENTLY,
        f"endpoint {endpoint.name} serves {endpoint.config}, and the pointer names "
        f"{champion.deployment} (version {champion.version})",
    )


def _model(
    champion: Champion, package: Package | None, deployment: Hosted | None
) -> Decision | None:
    if deployment is None:
        return _said(
            Verdict.DEPLOYMENT_MISSING,
            f"{champion.deployment} serves, and its configuration or Model was deleted",
        )
    image = "" if package is None else package.image_digest
    facts = {
        "image": (deployment.image_digest, image),
        "manifest": (deployment.manifest_sha256, champion.manifest_sha256),
        "artifact": (deployment.model_data_url, champion.model_data_url),
    }
    for name, (found, wanted) in facts.items():
        if found != wanted:
            return _said(
                Verdict.MODEL_DIFFERS,
                f"the {name} of {champion.deployment} is {found!r}, must be {wanted!r}",
            )
    return None


def _said(verdict: Verdict, reason: str) -> Decision:
    return Decision(verdict=verdict, reason=reason)
