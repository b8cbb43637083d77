"""Step Functions as AWS runs them, where MiniStack's interpreter does not."""

from typing import Any

from ministack.services import stepfunctions as sfn

from emulator.ministack import map_states, nested_executions, parallel_states, task_states
from emulator.ministack.execution_runner import Runner
from emulator.ministack.execution_status import Statuses
from emulator.ministack.executions import abandoned
from emulator.ministack.sagemaker_tasks import SageMaker, TaskError, run_task, sdk_error
from emulator.ports import Account

SEAMS = (
    "ministack.services.stepfunctions:_AWS_SDK_ERROR_PREFIX",
    "ministack.services.stepfunctions:_AWS_SDK_SERVICE_MAP",
    "ministack.services.stepfunctions:_SERVICE_DISPATCH",
    "ministack.services.stepfunctions:_prefix_sdk_error",
)


def install(account: Account, sagemaker: SageMaker) -> Runner:
    """Install everything; an advance of the clock should wait while the runner is busy."""
    statuses = Statuses(account)
    statuses.install()
    runner = Runner(statuses)
    runner.install()
    task_states.install(account.clock)
    parallel_states.install()
    map_states.install()
    nested_executions.install(statuses)
    _install_services(sagemaker)
    return runner


def _install_services(sagemaker: SageMaker) -> None:
    def perform(resource: str, arguments: dict[str, Any]) -> dict[str, Any]:
        try:
            return run_task(sagemaker, resource, arguments, abandoned)
        except TaskError as error:
            raise sfn._ExecutionError(error.error, error.cause) from error

    sfn._SERVICE_DISPATCH["arn:aws:states:::sagemaker:"] = perform
    sfn._AWS_SDK_SERVICE_MAP["sagemaker"] = {"target_prefix": "SageMaker", "protocol": "json"}
    sfn._AWS_SDK_ERROR_PREFIX["sagemaker"] = "SageMaker"
    # Over the Query protocol MiniStack forgets half of an alarm's settings.
    sfn._AWS_SDK_SERVICE_MAP["cloudwatch"] = {
        "target_prefix": "GraniteServiceVersion20100801",
        "protocol": "json",
        "service_key": "monitoring",
    }
    original = sfn._prefix_sdk_error

    def named(service: str, code: str) -> str:
        return sdk_error(code) if service == "sagemaker" else original(service, code)

    sfn._prefix_sdk_error = named
