"""The SageMaker resource types that CloudFormation provisions here."""

from emulator.ministack.stepfunctions import SageMaker
from emulator.ports import Account

SEAMS = ("ministack.services.cloudformation.provisioners:_RESOURCE_HANDLERS",)


def install(account: Account, sagemaker: SageMaker) -> None:
    raise NotImplementedError
