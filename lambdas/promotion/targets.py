"""What a person may roll back to: kept while it may be wanted, forgotten when it no longer is."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts import naming, rollback
from contracts.card import ModelCard
from contracts.run import Champion
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.package_policy import PackagePolicy

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    card: ModelCard
    environment: str
    policy: PackagePolicy
    ledger: Ledger
    sagemaker: Any

    def keep(self, champion: Champion) -> None:
        """Protect the champion and the card's number of versions that served before it.

        Called when the pointer and the ledger name the champion; done again, it is the same. The
        Models and EndpointConfigs of those that served earlier still are deleted: a rollback makes
        its own from the version, and the version stays until a person deletes it. So are those of
        trials, which have ended.
        """
        served = rollback.services(self.ledger.newest_first(self.card.name, rollback.SERVED))
        kept = rollback.kept(served, champion.version, count=self.card.serving.kept_versions)
        self.policy.keep([champion.model_package_arn, *(one.model_package_arn for one in kept)])
        in_use = {champion.deployment, *(one.deployment for one in kept)}
        have_served = {one.deployment for one in served}
        self._forget((have_served - in_use) | {naming.trial(name) for name in have_served})
        logger.info("%s keeps versions %s", champion.deployment, [one.version for one in kept])

    def _forget(self, deployments: set[str]) -> None:
        """Only what once served: the deployment of a promotion that may be redriven is not."""
        prefix = f"{self.card.name}-{self.environment}-v"
        for kind, listed in (("EndpointConfig", "EndpointConfigs"), ("Model", "Models")):
            for name in list(self._names(kind, listed, prefix)):
                if name in deployments:
                    _delete(self.sagemaker, kind, name)

    def _names(self, kind: str, listed: str, prefix: str) -> Iterator[str]:
        operation = {"EndpointConfig": "list_endpoint_configs", "Model": "list_models"}[kind]
        for page in self.sagemaker.get_paginator(operation).paginate(NameContains=prefix):
            for item in page[listed]:
                yield item[f"{kind}Name"]


def _delete(sagemaker: Any, kind: str, name: str) -> None:
    call = {
        "EndpointConfig": sagemaker.delete_endpoint_config,
        "Model": sagemaker.delete_model,
    }[kind]
    call(**{f"{kind}Name": name})
