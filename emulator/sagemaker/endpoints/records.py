"""Names, ARNs and the wording of errors that models, configs and endpoints share."""

from emulator.ports import Account
from emulator.sagemaker.errors import ServiceError, validation
from emulator.sagemaker.operations import Request


def arn(account: Account, kind: str, name: str) -> str:
    """Return the ARN of ``kind`` (``endpoint``); SageMaker puts names in ARNs in lower case."""
    return f"arn:aws:sagemaker:{account.region}:{account.account_id}:{kind}/{name.lower()}"


def log_group(endpoint: str) -> str:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html."""
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def missing(kind: str, name_arn: str) -> ServiceError:
    return validation(f'Could not find {kind} "{name_arn}".')


def existing(kind: str, name_arn: str) -> ServiceError:
    return validation(f'Cannot create already existing {kind} "{name_arn}".')


def in_progress(endpoint_arn: str) -> ServiceError:
    return validation(f'Cannot update in-progress endpoint "{endpoint_arn}".')


def newest_first(request: Request) -> Request:
    """Models, configs and endpoints list in descending order by default, other lists don't.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html
    """
    return {"SortOrder": "Descending"} | dict(request)
