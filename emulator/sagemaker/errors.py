"""Errors of the SageMaker API, with the codes AWS gives them."""


class ServiceError(Exception):
    """An answer that is an error: ``code`` and ``message`` as AWS words them.

    Codes and statuses are those of botocore's ``sagemaker`` and ``sagemaker-runtime`` models.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def validation(message: str) -> ServiceError:
    """``ValidationException``: also what AWS answers for a missing endpoint, model or config."""
    return ServiceError("ValidationException", message)


def not_found(message: str) -> ServiceError:
    """``ResourceNotFound``: the code of the model's error for jobs, images and the like."""
    return ServiceError("ResourceNotFound", message)


def in_use(message: str) -> ServiceError:
    return ServiceError("ResourceInUse", message)


def limit_exceeded(message: str) -> ServiceError:
    return ServiceError("ResourceLimitExceeded", message)


def not_supported(operation: str) -> ServiceError:
    """What we do not emulate fails by name; it never pretends."""
    return ServiceError(
        "NotImplemented",
        f"the embedded account does not emulate sagemaker:{operation}",
        status=501,
    )
