"""The Model and EndpointConfig of a promotion, and of its trial, made once under one name."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from contracts import naming
from lambdas.promotion.endpoints import is_existing, is_missing
from lambdas.promotion.facts import Version
from lambdas.promotion.hosting import Hosting, variant_of


class Deployments:
    def __init__(self, sagemaker: Any, hosting: Hosting) -> None:
        self._sagemaker = sagemaker
        self._hosting = hosting

    def ensure(self, name: str, version: Version, *, instances: int) -> None:
        """Make the Model, then its EndpointConfig; what an earlier attempt made is kept."""
        self._make(
            self._hosting.model(name, version), self._hosting.config(name, instances=instances)
        )

    def ensure_model(self, name: str, version: Version) -> None:
        """Make the Model alone: it serves in transform jobs."""
        self._make_model(self._hosting.model(name, version))

    def ensure_trial(
        self, deployment: str, version: Version, *, champion: str, instances: int
    ) -> None:
        """Make what tries ``deployment`` beside the champion's Model."""
        hosting, name = self._hosting, naming.trial(deployment)
        self._make(
            hosting.model(name, version, variant_of(hosting.card.rollout.trial)),
            hosting.trial_config(name, champion=champion, instances=instances),
        )

    def _make(self, model: dict[str, Any], config: dict[str, Any]) -> None:
        sagemaker = self._sagemaker
        self._make_model(model)
        named = {"EndpointConfigName": config["EndpointConfigName"]}
        if not _exists(lambda: sagemaker.describe_endpoint_config(**named)):
            _create(lambda: sagemaker.create_endpoint_config(**config))

    def _make_model(self, model: dict[str, Any]) -> None:
        sagemaker, named = self._sagemaker, {"ModelName": model["ModelName"]}
        if not _exists(lambda: sagemaker.describe_model(**named)):
            _create(lambda: sagemaker.create_model(**model))


def _exists(describe: Callable[[], Any]) -> bool:
    try:
        describe()
    except ClientError as error:
        if is_missing(error):
            return False
        raise
    return True


def _create(create: Callable[[], Any]) -> None:
    try:
        create()
    except ClientError as error:
        if not is_existing(error):
            raise
