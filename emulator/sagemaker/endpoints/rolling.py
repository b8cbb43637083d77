"""A rolling deployment: instances turn over in batches, with hardly more of them than before.

Provision a batch, shift its part of the traffic, bake, clean up as much of the old fleet; on the
way back the same, in batches of their own size.
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html
"""

import logging

from emulator.sagemaker.endpoints.deployment import Deployment
from emulator.sagemaker.endpoints.endpoint import Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.policy import Batches
from emulator.sagemaker.endpoints.pool import Pool, PoolError

_log = logging.getLogger("emulator.endpoints")


class Rolling(Deployment):
    """Of one production variant: others are excluded, as AWS excludes them."""

    _before = 0

    def deploy(self) -> None:
        self.green.prepare()
        new, old = self.green.production, self._blue().production
        total, self._before = new.desired, old.desired
        batch = self._batches().forth[new.variant.name]
        new.desired = 0
        self.green.start_shadows()
        while new.desired < total:
            wanted = min(total, new.desired + batch)
            self.endpoint.enter("Creating", f"Launching {wanted - new.desired} instance(s).")
            new.desired = wanted
            new.grow()
            self._bake_batch(new, total)
            if wanted < total:
                self._clean_up(old, self._before * (total - wanted) // total)

    def _bake_batch(self, new: Pool, total: int) -> None:
        capacity = f"partial capacity of {new.desired} instance(s)."
        if new.desired == total:
            capacity = f"full capacity of {total} instance(s)."
        active = {new.variant.name: new.desired}
        self.endpoint.enter("ActivatingTraffic", f"Activating traffic on {capacity}", active)
        self._share()
        self.bake(self._batches().seconds, "WaitIntervalInSeconds", capacity)

    def _clean_up(self, pool: Pool, count: int) -> None:
        """Let go of ``pool`` what is more than ``count``, which no request reaches any more."""
        leaving = max(0, pool.desired - count)
        self.endpoint.enter("Deleting", f"Terminating {leaving} instance(s).")
        pool.desired = min(pool.desired, count)
        pool.shrink()
        self._share()

    def _share(self) -> None:
        """Split the traffic by the instances that each fleet has."""
        new, old = self.green.production, self._blue().production
        name = new.variant.name
        there = len(new.ready) + len(old.ready)
        part = len(new.ready) / there if there else 1.0
        self.endpoint.traffic.switch(
            [
                *self.green.routes({name: part}, whole=True),
                *self._blue().routes({name: 1 - part}, whole=True),
            ]
        )

    def roll_back(self, reason: str) -> None:
        try:
            if self.green.pools and self._before:
                self._give_back()
        except PoolError as error:
            return self._stranded(f"{reason} The rollback failed as well: {error}")
        return super().roll_back(reason)

    def _give_back(self) -> None:
        new, old = self.green.production, self._blue().production
        batch = self._batches().back[new.variant.name]
        taken = new.desired
        while old.desired < self._before:
            wanted = min(self._before, old.desired + batch)
            self.endpoint.enter("Creating", f"Launching {wanted - old.desired} instance(s).")
            old.desired = wanted
            old.grow()
            self._share()
            self._clean_up(new, taken * (self._before - wanted) // self._before)

    def _stranded(self, reason: str) -> None:
        """Serve on with a mix of both configurations, as AWS does, until the next update."""
        _log.warning("endpoint %s: %s", self.endpoint.name, reason)
        with self.endpoint.lock:
            self.endpoint.retiring = (*self.endpoint.retiring, self.green)
            self.endpoint.pending = None
        self.endpoint.become(Status.UPDATE_ROLLBACK_FAILED, reason)

    def _blue(self) -> Fleet:
        blue = self.endpoint.fleet
        if blue is None:
            raise PoolError("The endpoint has no fleet to take over from.")
        return blue

    def _batches(self) -> Batches:
        batches = self.policy.batches
        if batches is None:
            raise PoolError("The deployment has no batches.")
        return batches
