"""CreateEndpoint and its siblings: what is asked of the endpoints of an account."""

import shutil
import threading

from emulator.account_clock import AccountClock
from emulator.faults.callers import Callers, Kind
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.configs import EndpointConfig, EndpointConfigs
from emulator.sagemaker.endpoints.endpoint import BUSY, Endpoint, Pending, Status
from emulator.sagemaker.endpoints.endpoint_list import EndpointList
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.lifecycle import (
    Crew,
    bring_up,
    changes_of,
    more_of,
    resize,
    take_down,
)
from emulator.sagemaker.endpoints.models import Models
from emulator.sagemaker.endpoints.records import existing, in_progress
from emulator.sagemaker.endpoints.retained import retained
from emulator.sagemaker.endpoints.stock import Stock
from emulator.sagemaker.endpoints.update import (
    Plan,
    Scaling,
    checked,
    refuse_conversion,
    refuse_rescaled,
)
from emulator.sagemaker.operations import Request, Response, operation


class Endpoints(EndpointList):
    """The endpoints of the account."""

    def __init__(
        self,
        account: Account,
        images: Images,
        models: Models,
        configs: EndpointConfigs,
        callers: Callers,
    ) -> None:
        super().__init__(account)
        self.scaling: Scaling | None = None
        self._images = images
        self._models = models
        self._configs = configs
        self.stock = Stock(self._pools)
        self._callers = callers
        self._crew = Crew()

    def start(self) -> None:
        """Forget what a killed account left on disk; have the clock's advances wait for work."""
        shutil.rmtree(self._account.state_dir / "sagemaker" / "endpoints", ignore_errors=True)
        if isinstance(self._account.clock, AccountClock):
            self._account.clock.add_activity(self.busy)

    def stop(self) -> None:
        """End every process, within about a second: the account ends with them."""
        endpoints = self.all()
        for endpoint in endpoints:
            endpoint.traffic.switch([])
        fleets = [fleet for endpoint in endpoints for fleet in endpoint.fleets()]
        threads = [threading.Thread(target=fleet.abandon) for fleet in fleets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        self._crew.join(1)

    @operation("CreateEndpoint")
    def create(self, request: Request) -> Response:
        name = request["EndpointName"]
        config = self._configs.get(request["EndpointConfigName"])
        deployment = request.get("DeploymentConfig")
        if deployment is not None:
            checked(deployment, config)
        endpoint = Endpoint(self._account, name, config.name, list(request.get("Tags", [])))
        endpoint.deployment_config = deployment
        if self._endpoints.get(name) is None:
            self.stock.refuse_over_quota((one.instance_type, one.instances) for one in config.all)
        fleet = self._fleet(endpoint, config)
        self._endpoints.add(name, endpoint, taken=lambda taken: existing("endpoint", taken.arn))
        endpoint.pending = Pending(
            config_name=config.name, started=self._account.clock.now(), fleet=fleet
        )
        self._crew.take(endpoint, lambda: bring_up(endpoint, fleet))
        return {"EndpointArn": endpoint.arn}

    @operation("UpdateEndpoint")
    def update(self, request: Request) -> Response:
        endpoint = self._get(request["EndpointName"])
        old = self._configs.get(endpoint.config_name)
        new = self._configs.get(request["EndpointConfigName"])
        with endpoint.lock:
            running = self._running(endpoint)
            refuse_conversion(old, new)
            refuse_rescaled(self._scaled(endpoint.name), old, new)
            plan = Plan.of(request, endpoint, old, retained(request, new, running))
            self.stock.refuse_over_quota(plan.more())
            green = self._fleet(endpoint, plan.config)
            endpoint.deployment_config = plan.asked
            endpoint.pending = Pending(
                config_name=new.name, started=self._account.clock.now(), fleet=green
            )
            endpoint.status = Status.UPDATING
        deployment = plan.deployment(
            endpoint, green, self._account.clock, lambda: self._account.client("cloudwatch")
        )
        self._crew.take(endpoint, deployment.run)
        return {"EndpointArn": endpoint.arn}

    @operation("UpdateEndpointWeightsAndCapacities")
    def resize(self, request: Request) -> Response:
        endpoint = self._get(request["EndpointName"])
        with endpoint.lock:
            fleet = self._running(endpoint)
            changes = changes_of(fleet, request["DesiredWeightsAndCapacities"])
            self.stock.refuse_over_quota(more_of(changes))
            endpoint.status = Status.UPDATING
        self._crew.take(endpoint, lambda: resize(endpoint, fleet, changes))
        return {"EndpointArn": endpoint.arn}

    @operation("DeleteEndpoint")
    def delete(self, request: Request) -> Response:
        endpoint = self._get(request["EndpointName"])
        with endpoint.lock:
            if endpoint.status in BUSY:
                raise in_progress(endpoint.arn)
            endpoint.status = Status.DELETING
        if self.scaling is not None:
            self.scaling.forget(endpoint.name)
        self._crew.take(
            endpoint, lambda: take_down(endpoint, lambda: self._endpoints.remove(endpoint.name))
        )
        return {}

    def _scaled(self, name: str) -> frozenset[str]:
        return frozenset() if self.scaling is None else self.scaling.scaled(name)

    def _fleet(self, endpoint: Endpoint, config: EndpointConfig) -> Fleet:
        return Fleet(
            account=self._account,
            images=self._images,
            models=self._models,
            endpoint=endpoint.name,
            config=config,
            traffic=endpoint.traffic,
            access_key=self._callers.admit(Kind.ENDPOINT, endpoint.name)[0],
            stock=self.stock,
        )
