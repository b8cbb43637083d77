"""A function sees its bundle and boto3, as on AWS, and nothing of the emulator."""

import pytest

from emulator.client import RunningAccount
from tests.system.emulator_host import functions

pytestmark = pytest.mark.system

_LOOK_AROUND = """
import importlib, os

def handler(event, context):
    missing = []
    for name in event["modules"]:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            missing.append(name)
    return {"missing": missing, "environment": dict(os.environ)}
"""

_AWS_GIVES = {
    "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT", "LANG", "PATH", "TZ",
}  # fmt: skip
# The address and the temporary folder of this account, and MiniStack's own per invocation.
_THE_ACCOUNT_ADDS = {
    "AWS_DISABLE_HOST_PREFIX_INJECTION", "AWS_ENDPOINT_URL", "EMBEDDED_ACCOUNT", "LC_CTYPE",
    "TMPDIR", "_LAMBDA_FUNCTION_ARN", "_LAMBDA_TIMEOUT", "_MINISTACK_INVOKE_DEPTH",
}  # fmt: skip


def test_a_function_sees_boto3_and_nothing_of_the_emulator(account: RunningAccount):
    functions.deploy(account, "imports", _LOOK_AROUND)
    hidden = ["ministack", "moto", "pandas", "emulator", "time_machine", "hypercorn", "contracts"]
    seen = functions.invoke(account, "imports", {"modules": [*hidden, "boto3", "botocore"]})
    assert seen["missing"] == hidden


def test_a_function_gets_its_own_environment_and_not_the_account_s(account: RunningAccount):
    functions.deploy(
        account, "variables", _LOOK_AROUND, Environment={"Variables": {"MODEL": "churn"}}
    )
    seen = functions.invoke(account, "variables", {"modules": []})["environment"]
    assert seen["MODEL"] == "churn"
    assert set(seen) <= _AWS_GIVES | _THE_ACCOUNT_ADDS | {"MODEL"}
    assert seen["AWS_ENDPOINT_URL"] == account.endpoint_url


def test_a_function_calls_back_into_the_same_account(account: RunningAccount):
    functions.deploy(
        account,
        "identity",
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n",
    )
    assert functions.invoke(account, "identity") == account.account_id


@pytest.mark.parametrize("runtime", ["java21", "provided.al2023", "ruby3.3"])
def test_a_runtime_that_would_not_be_isolated_is_refused_by_name(
    account: RunningAccount, runtime: str
):
    name = f"refused-{runtime.replace('.', '-')}"
    functions.deploy(account, name, "", Runtime=runtime)
    answer = account.client("lambda").invoke(FunctionName=name)
    assert "FunctionError" in answer
    message = answer["Payload"].read().decode()
    assert f"{name!r} asks for runtime {runtime!r}" in message


def test_what_a_handler_raised_is_told_by_its_name(account: RunningAccount):
    source = """
class DataRejected(Exception):
    pass

def handler(event, context):
    raise DataRejected("row 2 has no label")
"""
    functions.deploy(account, "raising", source)
    told = functions.invoke(account, "raising")
    assert (told["errorType"], told["errorMessage"]) == ("DataRejected", "row 2 has no label")
    assert "raise DataRejected" in told["stackTrace"][-1]
    assert told["requestId"]
