"""The table of SageMaker operations that this account answers.

A room (jobs, endpoints, registry) makes an object that names its operations with
:func:`operation`; the service asks the table which object answers which call.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

Request = Mapping[str, Any]
Response = dict[str, Any]
Handler = Callable[[Request], Response]

_NAME = "_sagemaker_operation"
F = TypeVar("F", bound=Callable[..., Response])


def operation(name: str) -> Callable[[F], F]:
    """Mark a method as the answer to the API call ``name`` (``CreateTrainingJob``).

    The method takes the request (validated against botocore's model, defaults not filled in)
    and returns the response with ``datetime`` values for timestamps; it raises
    :class:`~emulator.sagemaker.errors.ServiceError` for an error answer. It runs in a worker
    thread and may block.
    """

    def mark(method: F) -> F:
        setattr(method, _NAME, name)
        return method

    return mark


def operations_of(room: object) -> Iterator[tuple[str, Handler]]:
    """Yield each operation that ``room`` answers, with the bound method that answers it."""
    for attribute in dir(type(room)):
        method = getattr(room, attribute)
        name = getattr(method, _NAME, None)
        if name is not None:
            yield name, method
