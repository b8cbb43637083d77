"""The image repository, asked for the newest image of a flavour by its digest."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    uri: str
    digest: str


class Images:
    def __init__(self, ecr: Any, *, repository: str) -> None:
        self._ecr = ecr
        self._repository = repository

    def newest(self, flavour: str) -> Image | None:
        """The image pushed last of those with a tag ``<flavour>-…``.

        DescribeImages promises no order and pages at 100.
        """
        pages = self._ecr.get_paginator("describe_images").paginate(
            repositoryName=self._repository, filter={"tagStatus": "TAGGED"}
        )
        images = [
            image
            for page in pages
            for image in page["imageDetails"]
            if any(tag.startswith(f"{flavour}-") for tag in image["imageTags"])
        ]
        if not images:
            return None
        digest = max(images, key=lambda image: image["imagePushedAt"])["imageDigest"]
        repository = self._ecr.describe_repositories(repositoryNames=[self._repository])
        uri = repository["repositories"][0]["repositoryUri"]
        return Image(uri=f"{uri}@{digest}", digest=digest)
