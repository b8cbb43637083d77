"""Errors of Application Auto Scaling, with the codes of botocore's model."""

from emulator.sagemaker.errors import ServiceError


def validation(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def object_not_found(message: str) -> ServiceError:
    return ServiceError("ObjectNotFoundException", message)


def resource_not_found(arn: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"No scalable target has the ARN {arn}")


def unsupported(what: str) -> ServiceError:
    """What we do not emulate fails by name; it never pretends."""
    return ServiceError(
        "NotImplemented",
        f"the embedded account does not emulate application-autoscaling with {what}",
        status=501,
    )
