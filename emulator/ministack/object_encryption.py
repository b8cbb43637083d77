"""Objects written under ``aws:kms`` without a key get the account's own key, ``aws/s3``.

"If you don't specify a customer managed key, Amazon S3 automatically creates an AWS managed key
the first time that you add an object encrypted with SSE-KMS to a bucket."
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html

The CDK's bootstrap makes such a bucket, and its CLI writes every asset so. MiniStack refuses it.
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import s3

from emulator.ministack.seams import Seam
from emulator.ports import Account

SEAMS = (
    Seam(
        path="ministack.services.s3:_resolve_sse_write_headers",
        parameters=("headers", "bucket_name"),
    ),
)

_ALGORITHM = "x-amz-server-side-encryption"
_KEY = f"{_ALGORITHM}-aws-kms-key-id"


def install(account: Account) -> None:
    original = s3._resolve_sse_write_headers
    default = f"arn:aws:kms:{account.region}:{account.account_id}:alias/aws/s3"

    def resolve(headers: Mapping[str, str], bucket_name: str) -> Any:
        if headers.get(_ALGORITHM) == "aws:kms" and not headers.get(_KEY):
            headers = {**headers, _KEY: default}
        return original(headers, bucket_name)

    s3._resolve_sse_write_headers = resolve
