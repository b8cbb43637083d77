"""How long the embedded account takes for a year in which an endpoint does nothing.

The clock jumps; nothing may happen minute by minute, neither for metrics nor for scaling.
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from emulator import client
from emulator.client import RunningAccount
from tests.system.emulator_seams import serving
from tests.system.emulator_seams.serving import Serving

_YEAR = timedelta(days=365)
_POLICY = {
    "TargetValue": 5.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
}


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with client.start(
            state=root / "account", clock=datetime(1997, 1, 1, tzinfo=UTC)
        ) as account:
            _measure(account, Serving(account, serving.register(account, root, "idle")))


def _measure(account: RunningAccount, serve: Serving) -> None:
    began = time.perf_counter()
    serve.serve("idle", instances=2)
    _tell("two instances in service", began)
    _advance(account, "a year with an endpoint")
    scaling = account.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/idle/variant/live",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3)
    scaling.put_scaling_policy(
        **target,
        PolicyName="invocations",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=_POLICY,
    )
    serve.pids("idle", 60)
    _advance(account, f"a year with scaling in from {serve.count('idle')}")
    _advance(account, f"a year at rest with {serve.count('idle')}")


def _advance(account: RunningAccount, what: str) -> None:
    began = time.perf_counter()
    account.advance(_YEAR)
    _tell(what, began)


def _tell(what: str, began: float) -> None:
    print(f"{what}: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
