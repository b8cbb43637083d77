"""Alarms on the instances behind an endpoint: processor, memory, disk."""

import re

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from contracts import naming
from infra.components.model import Model
from infra.components.runbook_alarm import RunbookAlarm
from infra.settings import SettingsError

_CPU, _MEMORY, _DISK = 90, 85, 80
"""Percent: full memory kills a container and a full disk its log and capture buffers, so that
both are told earlier than a busy processor, which only slows."""


class InstanceAlarms(Construct):
    """Only for endpoints with instances: serverless ones have no such metrics.

    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html (endpoint instances).
    An endpoint that was removed while idle has none either, so missing data are not breaching.
    ``IncidentAlarms`` tell of them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, model: Model) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        # CPUUtilization is the sum over the cores: of four cores, 400 % are all.
        cores = cores_of(model.card.serving.instance_type)
        self.cpu = self._alarm("CPUUtilization", limit=_CPU, of=cores)
        self.memory = self._alarm("MemoryUtilization", limit=_MEMORY)
        self.disk = self._alarm("DiskUtilization", limit=_DISK)

    def metric(self, name: str, statistic: str = cloudwatch.Stats.MAXIMUM) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="/aws/sagemaker/Endpoints",
            metric_name=name,
            dimensions_map={"EndpointName": self._model.endpoint, "VariantName": naming.VARIANT},
            statistic=statistic,
            period=Duration.minutes(5),
        )

    def _alarm(self, name: str, *, limit: int, of: int = 1) -> RunbookAlarm:
        endpoint = self._model.endpoint
        return RunbookAlarm(
            self,
            name.removesuffix("Utilization"),
            metric=self.metric(name),
            threshold=limit * of,
            what=f"An instance of {endpoint} has less than {100 - limit} % left: {name}.",
            runbook="endpoint-saturated",
            topic=None,
            datapoints=3,
            periods=3,
        )


def cores_of(instance_type: str) -> int:
    """How many vCPUs an instance has, read from its size: large has 2, xlarge 4, 2xlarge 8.

    https://aws.amazon.com/sagemaker/pricing/ lists no type of another pattern but medium (2).

    >>> cores_of("ml.m5.large"), cores_of("ml.c5.xlarge"), cores_of("ml.g4dn.12xlarge")
    (2, 4, 48)
    """
    size = instance_type.rpartition(".")[2]
    found = re.fullmatch(r"(?P<times>\d*)xlarge", size)
    if size in ("medium", "large"):
        return 2
    if found is None:
        raise SettingsError(
            "serving.instance_type must end in medium, large or <n>xlarge, whose vCPUs are known, "
            f"got {instance_type!r}"
        )
    return 4 * int(found["times"] or 1)
