"""What a model's archive would become where it is unpacked, told from its headers alone."""

import tarfile
import zlib
from typing import IO, Any, cast

MAX_FILES = 100
MAX_BYTES = 2 * 1024**3
"""Unpacked, as for ml.evaluation: a few megabytes may hide what fills an instance's disk."""


def what_is_wrong(body: Any) -> str | None:
    """Say why an archive must not be unpacked; its contents are passed over, never kept.

    SageMaker unpacks an artifact before its container sees it:
    https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
    """
    files, size = 0, 0
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", body), mode="r|gz") as archive:
            for member in archive:
                files, size = files + 1, size + member.size
                if files > MAX_FILES or size > MAX_BYTES:
                    return (
                        f"its archive holds more than {MAX_FILES} files or {MAX_BYTES} bytes "
                        f"({member.name!r} alone {member.size})"
                    )
                if not (member.isfile() or member.isdir()):
                    return f"its archive holds {member.name!r}, which is no plain file"
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        return f"its archive cannot be read: {error}"
    return None
