"""A second fleet takes over step by step, or the first one takes everything back.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from collections.abc import Mapping

from emulator.sagemaker.endpoints.deployment import Deployment
from emulator.sagemaker.endpoints.policy import Step


class BlueGreen(Deployment):
    """All of green is there before traffic moves, all of blue until the last bake is over."""

    def deploy(self) -> None:
        count = sum(variant.instances for variant in self.green.config.variants)
        self.endpoint.enter("Creating", f"Launching {count} instance(s).")
        self.green.start()
        for step in self.policy.steps:
            self._take(step)

    def _take(self, step: Step) -> None:
        count = sum(step.active.values())
        capacity = f"{step.capacity} capacity of {count} instance(s)."
        self.endpoint.enter("ActivatingTraffic", f"Activating traffic on {capacity}", step.active)
        self._shift(step)
        self.bake(step.seconds, step.why, capacity)

    def _shift(self, step: Step) -> None:
        blue = self.endpoint.fleet
        if blue is None or step.capacity == "full":
            self.endpoint.traffic.switch(self.green.routes())
            return
        share = {
            pool.variant.name: step.active[pool.variant.name] / pool.desired
            for pool in self.green.pools
        }
        rest: Mapping[str, float] = {name: 1 - part for name, part in share.items()}
        self.endpoint.traffic.switch([*self.green.routes(share), *blue.routes(rest, whole=True)])
