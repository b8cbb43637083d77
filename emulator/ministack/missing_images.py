"""ECR's DescribeImages of an image that is not there is an error, not an empty answer.

"ImageNotFoundException: The image requested does not exist in the specified repository."
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html
"""

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ecr

from emulator.ministack.seams import Seam
from emulator.ports import Account

SEAMS = (
    Seam(path="ministack.services.ecr:_describe_images", parameters=("data",)),
    Seam(path="ministack.services.ecr:_find_image", parameters=("repo_name", "image_id")),
    Seam(path="ministack.services.ecr:_repositories"),
    "ministack.core.responses:error_response_json",
)


def install(account: Account) -> None:
    original = ecr._describe_images

    def describe(data: Mapping[str, Any]) -> Any:
        name = data.get("repositoryName", "")
        for asked in data.get("imageIds") or ():
            if name in ecr._repositories and ecr._find_image(name, asked) is None:
                digest, tag = asked.get("imageDigest", "null"), asked.get("imageTag", "null")
                return error_response_json(
                    "ImageNotFoundException",
                    f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does "
                    f"not exist within the repository with name '{name}' in the registry with id "
                    f"'{account.account_id}'",
                    400,
                )
        return original(data)

    ecr._describe_images = describe
