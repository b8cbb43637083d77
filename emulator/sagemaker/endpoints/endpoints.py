"""CreateEndpoint and its siblings: what is asked of the endpoints of an account."""

import shutil
import threading
from collections.abc import Iterator

from emulator.account_clock import AccountClock
from emulator.faults.callers import Callers, Kind
from emulator.images import Images
from emulator.ports import Account
from emulator.sagemaker.endpoints.configs import EndpointConfig, EndpointConfigs
from emulator.sagemaker.endpoints.endpoint import BUSY, Endpoint, Pending, Status
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
from emulator.sagemaker.endpoints.policy import DeploymentPolicy
from emulator.sagemaker.endpoints.pool import Pool
from emulator.sagemaker.endpoints.records import arn, existing, in_progress, missing, newest_first
from emulator.sagemaker.endpoints.retained import retained
from emulator.sagemaker.endpoints.stock import Stock
from emulator.sagemaker.endpoints.update import Plan, Scaling, refuse_conversion, refuse_rescaled
from emulator.sagemaker.errors import validation
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records


class Endpoints:
    """The endpoints of the account."""

    def __init__(
        self,
        account: Account,
        images: Images,
        models: Models,
        configs: EndpointConfigs,
        callers: Callers,
    ) -> None:
        self.scaling: Scaling | None = None
        self._account = account
        self._images = images
        self._models = models
        self._configs = configs
        self._endpoints = Records[Endpoint]()
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

    def busy(self) -> bool:
        """Say whether something is under way that real time, not the account's, brings on."""
        return any(one.status in BUSY and not one.baking for one in self.all())

    def serving(self, name: str) -> Endpoint | None:
        """Return the endpoint ``name`` if it takes invocations."""
        endpoint = self._endpoints.get(name)
        if endpoint is None or endpoint.fleet is None or endpoint.status is Status.DELETING:
            return None
        return endpoint

    def all(self) -> list[Endpoint]:
        return self._endpoints.all()

    @operation("CreateEndpoint")
    def create(self, request: Request) -> Response:
        name = request["EndpointName"]
        config = self._configs.get(request["EndpointConfigName"])
        deployment = request.get("DeploymentConfig")
        if deployment is not None:
            DeploymentPolicy.of(deployment, config)
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

    @operation("DescribeEndpoint")
    def describe(self, request: Request) -> Response:
        return self._get(request["EndpointName"]).describe()

    @operation("ListEndpoints")
    def list(self, request: Request) -> Response:
        members = (
            "EndpointName",
            "EndpointArn",
            "CreationTime",
            "LastModifiedTime",
            "EndpointStatus",
        )
        entries = list[Entry]()
        for endpoint in self.all():
            described = endpoint.describe()
            entries.append(
                Entry(
                    name=endpoint.name,
                    created=endpoint.created,
                    modified=endpoint.modified,
                    status=endpoint.status.value,
                    summary={member: described[member] for member in members},
                )
            )
        return page(entries, newest_first(request), key="Endpoints")

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

    def _pools(self) -> Iterator[Pool]:
        for endpoint in self.all():
            for fleet in endpoint.fleets():
                yield from fleet.everyone

    def _get(self, name: str) -> Endpoint:
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise missing("endpoint", arn(self._account, "endpoint", name))
        return endpoint

    @staticmethod
    def _running(endpoint: Endpoint) -> Fleet:
        """Return what an idle endpoint serves with; of a failed one nothing is left to update."""
        if endpoint.status in BUSY:
            raise in_progress(endpoint.arn)
        if endpoint.fleet is None:
            raise validation(
                f'Endpoint "{endpoint.arn}" is {endpoint.status}: it can only be deleted.'
            )
        return endpoint.fleet

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
