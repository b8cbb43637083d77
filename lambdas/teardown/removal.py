"""Everything that run time made for one model, removed in the order that needs no second try."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts import naming, state
from lambdas.adapters.scalable_variant import ScalableVariant
from lambdas.adapters.state import StateTable
from lambdas.teardown.alarms import Alarms
from lambdas.teardown.hosting import Hosting
from lambdas.teardown.jobs import Jobs
from lambdas.teardown.versions import Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    hosting: Hosting
    versions: Versions
    jobs: Jobs
    alarms: Alarms
    autoscaling: Any
    state: StateTable

    def remove(self, model: str, environment: str, *, time_left: Callable[[], bool]) -> str:
        """Return in words what was removed; done again, it finds nothing and says so."""
        deployments = f"{model}-{environment}-v"
        stopped = self.jobs.stop_all(f"{model}-{environment}-")
        alarms = self.alarms.delete_all(deployments)
        name = naming.endpoint(model, environment)
        # Before the endpoint: scaling that lost its endpoint would leave its own alarms behind.
        ScalableVariant(self.autoscaling, endpoint=name).release()
        endpoint = self.hosting.delete_endpoint(name, time_left=time_left)
        configs = self.hosting.delete_configs(deployments)
        models = self.hosting.delete_models(deployments)
        versions = self.versions.delete_all(naming.package_group(model, environment))
        self._forget(model)
        return (
            f"removed {int(endpoint)} endpoint, {configs} configurations, {models} models, "
            f"{versions} model versions and {alarms} alarms; stopped {stopped} jobs"
        )

    def _forget(self, model: str) -> None:
        """A pointer to a version that is gone would mislead the next deployment of the stack."""
        for item in (
            state.champion,
            state.drift,
            state.admission,
            state.rejections,
            state.paused,
            state.accepted,
            state.lease,
            state.promotion_lease,
            state.asleep,
            state.reconciliation,
        ):
            self.state.delete(item(model))
