"""Tags of every SageMaker resource, by its ARN.

The service tells this room what was made and deleted, so no other room keeps tags.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html
"""

import re
import threading

from emulator.sagemaker.errors import validation
from emulator.sagemaker.operations import Request, Response, operation

LIMIT = 50
"""Tags per resource: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html"""


class Tags:
    def __init__(self, *, account_id: str, region: str) -> None:
        self._prefix = f"arn:aws:sagemaker:{region}:{account_id}:"
        self._lock = threading.Lock()
        self._tags: dict[str, dict[str, str]] = {}

    def observe(self, name: str, request: Request, response: Response) -> None:
        """Keep the tags of what a Create call made; forget those of what a Delete call removed."""
        if name.startswith("Create"):
            arns = [value for key, value in response.items() if key.endswith("Arn")]
            tags = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
            with self._lock:
                for arn in arns:
                    # An idempotent Create answers the ARN of what is there already.
                    self._tags.setdefault(arn.lower(), tags)
        elif name.startswith("Delete"):
            kind = name.removeprefix("Delete")
            with self._lock:
                self._tags.pop(self._arn(kind, request.get(f"{kind}Name", "")), None)

    def of(self, arn: str) -> dict[str, str]:
        """Return the tags of a resource, empty when it has none or is not known."""
        with self._lock:
            return dict(self._tags.get(arn.lower(), {}))

    def _arn(self, kind: str, name: str) -> str:
        if name.startswith("arn:"):
            return name.lower()
        dashed = re.sub(r"(?<!^)(?=[A-Z])", "-", kind)
        return f"{self._prefix}{dashed}/{name}".lower()

    def _known(self, arn: str) -> dict[str, str]:
        tags = self._tags.get(arn.lower())
        if tags is None:
            raise validation(f"Could not find resource with ARN {arn}")
        return tags

    @operation("AddTags")
    def add(self, request: Request) -> Response:
        with self._lock:
            tags = self._known(request["ResourceArn"])
            wanted = tags | {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            if len(wanted) > LIMIT:
                raise validation(f"a resource takes at most {LIMIT} tags, got {len(wanted)}")
            tags.update(wanted)
        return {"Tags": _as_list(wanted)}

    @operation("DeleteTags")
    def delete(self, request: Request) -> Response:
        with self._lock:
            tags = self._known(request["ResourceArn"])
            for key in request["TagKeys"]:
                tags.pop(key, None)
        return {}

    @operation("ListTags")
    def list(self, request: Request) -> Response:
        with self._lock:
            return {"Tags": _as_list(self._known(request["ResourceArn"]))}


def _as_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
