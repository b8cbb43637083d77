"""Everything that may forbid a deployment, looked at before anything is made or touched."""

import logging
from dataclasses import dataclass

from botocore.exceptions import ClientError

from contracts import layout
from contracts.run import RunRequest
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.pauses import Pauses
from lambdas.promotion import archive, fitness
from lambdas.promotion.errors import CandidateUnfit, PromotionRefused
from lambdas.promotion.facts import Version
from lambdas.promotion.images import Images
from lambdas.promotion.registry import Registry

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    environment: str
    registry: Registry
    documents: Documents
    images: Images
    pauses: Pauses
    champion: ChampionPointer

    def refuse_unwanted(self, request: RunRequest, deployment: str) -> None:
        """Raise for a paused model and for a candidate whose comparison no longer holds."""
        if request.purpose.restores:
            return  # a person who puts back what served decides against the pause's background
        if (pause := self.pauses.current()) is not None:
            raise PromotionRefused(f"{request.model} is {pause.sentence(request.model)}")
        fitness.refuse_another_champion(request, self.champion.read(), deployment=deployment)

    def refuse_unfit(self, request: RunRequest, version: Version, *, has_served: bool) -> None:
        """Raise for a version that is not what the registry says, or that callers could not use."""
        hashed = self.documents.hash(*layout.split_s3_uri(version.model_data_url))
        fitness.refuse_unfit(
            version,
            request,
            environment=self.environment,
            archive=hashed,
            has_served=has_served,
        )
        self.images.refuse_missing(version.image_uri)
        if request.purpose.restores:
            return
        wrong = archive.what_is_wrong(self.documents.open(version.model_data_url))
        if wrong is not None:
            raise CandidateUnfit(f"version {version.number} is not unpacked: {wrong}")
        champion = self.champion.read()
        if champion is not None:
            self._refuse_other_requests(version)

    def _refuse_other_requests(self, version: Version) -> None:
        sent = self.of_champion("schema_uri")
        taken = version.metadata.get("schema_uri")
        if sent is None or taken is None:
            logger.warning("the schemas of both versions are not known, and not compared")
            return
        fitness.refuse_other_requests(
            fitness.inputs(self.documents.read_json(sent)),
            fitness.inputs(self.documents.read_json(taken)),
        )

    def of_champion(self, fact: str) -> str | None:
        """What the registry says of the champion; None without one, or where it does not say."""
        champion = self.champion.read()
        if champion is None:
            return None
        try:
            return self.registry.version(champion.model_package_arn).metadata.get(fact)
        except ClientError as error:
            # The champion's package may be gone; DescribeModelPackage says so in various words.
            if error.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound"):
                return None
            raise
