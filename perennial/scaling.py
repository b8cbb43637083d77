"""How many instances may serve, as Application Auto Scaling has it registered."""

from dataclasses import dataclass

from contracts import naming
from perennial.account import Account
from perennial.endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    least: int
    most: int
    stands_still: bool
    """While an endpoint updates, AWS neither adds nor removes instances."""

    def line(self) -> str:
        still = ", stands still while the endpoint changes" if self.stands_still else ""
        return f"{self.least} to {self.most} instances{still}"


def find(account: Account, endpoint: Endpoint) -> Scaling | None:
    """Return the live variant's bounds; None when its number of instances is fixed.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html
    """
    if not endpoint.has_instances:
        return None
    answer = account.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker",
        ResourceIds=[f"endpoint/{endpoint.name}/variant/{naming.VARIANT}"],
    )
    for target in answer["ScalableTargets"]:
        return Scaling(
            least=target["MinCapacity"],
            most=target["MaxCapacity"],
            stands_still=endpoint.changing,
        )
    return None
