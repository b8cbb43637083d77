"""The one way this project turns a package under ``lambdas/`` into a function."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from contracts.environment import Variable
from infra import bundles
from infra.components.permissions import acknowledge, allow
from infra.components.service_role import ServiceRole
from infra.jsii_types import implementing
from infra.settings import Settings

RUNTIME = lambda_.Runtime.PYTHON_3_13


class HandlerFunction(Construct):
    """Runs ``lambdas.<package>.<entry>.lambda_handler`` under a role of its own.

    The asset is the handler's bundle, so that editing one handler redeploys one function; the
    ``lambdas`` prefix stays, so that imports read the same in AWS as under pytest.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        package: str,
        settings: Settings,
        variables: Mapping[str, str],
        entry: str = "handler",
        card: Path | None = None,
        timeout: Duration | None = None,
        memory_mib: int = 256,
        dead_letters: sqs.Queue | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = logs.LogGroup(
            self, "Logs", retention=settings.log_retention, removal_policy=settings.removal
        )
        self.role = ServiceRole(self, "Role", service="lambda")
        allow(self.role, "logs:CreateLogStream", "logs:PutLogEvents", on=[log_group.log_group_arn])
        self.timeout = timeout or Duration.seconds(30)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(str(bundles.stage(package, entry=entry, card=card))),
            handler=f"lambdas.{package}.{entry}.lambda_handler",
            role=self.role.without_policy_updates(),
            environment={
                Variable.ENVIRONMENT: settings.name,
                **({} if card is None else bundles.card_variable()),
                **variables,
            },
            timeout=self.timeout,
            memory_size=memory_mib,
            logging_format=lambda_.LoggingFormat.JSON,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            log_group=log_group,
        )
        self.function.node.add_dependency(self.role)
        if dead_letters is not None:
            self._keep_what_fails(dead_letters)
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "bundles are tested on Python 3.13; a newer runtime is taken with its test run",
        )

    def _keep_what_fails(self, dead_letters: sqs.Queue) -> None:
        """An event that fails three times lands in the queue with its cause."""
        allow(self.role, "sqs:SendMessage", on=[dead_letters.queue_arn])
        self.function.configure_async_invoke(
            on_failure=implementing(destinations.SqsDestination(implementing(dead_letters))),
            retry_attempts=2,
            max_event_age=Duration.hours(6),
        )
