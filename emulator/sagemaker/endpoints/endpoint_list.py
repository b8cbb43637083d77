"""The endpoints that there are, as DescribeEndpoint and ListEndpoints tell of them."""

from collections.abc import Iterator

from emulator.ports import Account
from emulator.sagemaker.endpoints.endpoint import BUSY, Endpoint, Status
from emulator.sagemaker.endpoints.fleet import Fleet
from emulator.sagemaker.endpoints.pool import Pool
from emulator.sagemaker.endpoints.records import arn, in_progress, missing, newest_first
from emulator.sagemaker.errors import validation
from emulator.sagemaker.listing import Entry, page
from emulator.sagemaker.operations import Request, Response, operation
from emulator.sagemaker.store import Records


class EndpointList:
    """What of the endpoints can be asked; who changes them inherits it."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._endpoints = Records[Endpoint]()

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
