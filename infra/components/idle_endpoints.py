"""Remove the endpoint of a development environment when nobody has asked it for long."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.components.handler_function import HandlerFunction
from infra.components.model import Model
from infra.components.permissions import allow, allow_key, allow_ledger, allow_state, arn
from infra.components.scaling import allow_releasing
from infra.components.schedule import SCHEDULED_TIME, HandlerSchedule


class IdleEndpoints(Construct):
    """Hourly; configuration, Model and champion pointer stay, so that it comes back the same."""

    def __init__(
        self, scope: Construct, construct_id: str, *, model: Model, dead_letters: sqs.Queue
    ) -> None:
        super().__init__(scope, construct_id)
        self._model = model
        self.handler = HandlerFunction(
            self,
            "Handler",
            package="idle",
            card=model.card_path,
            settings=model.settings,
            variables=model.stores.variables(),
            timeout=Duration.minutes(1),
            dead_letters=dead_letters,
        )
        self._allow()
        self.schedule = HandlerSchedule(
            self,
            "Schedule",
            expression="rate(1 hour)",
            handler=self.handler,
            message={"as_of": SCHEDULED_TIME},
            dead_letters=dead_letters,
        )

    def _allow(self) -> None:
        role, model = self.handler.role, self._model
        allow_key(role, model.stores.key)
        allow_state(role, model.stores.state)
        allow_ledger(role, model.stores.ledger)
        allow_releasing(role)
        allow(
            role,
            "sagemaker:DescribeEndpoint",
            "sagemaker:DeleteEndpoint",
            on=[arn(role, "sagemaker", f"endpoint/{model.endpoint}")],
        )
        allow(
            role,
            "cloudwatch:GetMetricStatistics",
            on=["*"],
            because="CloudWatch narrows reading metrics by no resource",
        )
