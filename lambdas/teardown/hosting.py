"""SageMaker's endpoint, configurations and models of one model, removed by name."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

_CHANGING = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")


class StillThere(Exception):
    """Time ran out before the endpoint was gone."""


class Hosting:
    def __init__(self, sagemaker: Any, *, pause: Callable[[], None]) -> None:
        """``pause`` waits a moment before an endpoint is looked at again."""
        self._sagemaker = sagemaker
        self._pause = pause

    def delete_endpoint(self, name: str, *, time_left: Callable[[], bool]) -> bool:
        """Delete the endpoint and wait until it is gone; one that is changing is waited for."""
        status = self._status(name)
        found = status is not None
        while status is not None:
            if status not in _CHANGING:
                self._sagemaker.delete_endpoint(EndpointName=name)
            if not time_left():
                raise StillThere(f"endpoint {name} is still {status} and not gone")
            self._pause()
            status = self._status(name)
        return found

    def delete_configs(self, prefix: str) -> int:
        return self._delete("EndpointConfig", "EndpointConfigs", prefix)

    def delete_models(self, prefix: str) -> int:
        return self._delete("Model", "Models", prefix)

    def _status(self, name: str) -> str | None:
        try:
            return self._sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
        except ClientError as error:
            if "Could not find" in error.response["Error"]["Message"]:
                return None
            raise

    def _delete(self, kind: str, listed: str, prefix: str) -> int:
        call = {
            "EndpointConfig": self._sagemaker.delete_endpoint_config,
            "Model": self._sagemaker.delete_model,
        }[kind]
        names = list(self._names(kind, listed, prefix))
        for name in names:
            call(**{f"{kind}Name": name})
        return len(names)

    def _names(self, kind: str, listed: str, prefix: str) -> Iterator[str]:
        """NameContains finds the prefix anywhere in a name, so it is checked here again."""
        operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
        for page in self._sagemaker.get_paginator(operation).paginate(NameContains=prefix):
            for item in page[listed]:
                if item[f"{kind}Name"].startswith(prefix):
                    yield item[f"{kind}Name"]
