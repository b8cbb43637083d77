"""Transform jobs: a model's container answers whole files, request by request, and goes.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html

The hosting contract is that of endpoints (``emulator.sagemaker.endpoints.instance``): the image's
entry point with ``serve``, /ping, /invocations; and, optionally, GET /execution-parameters.

A job has no limit on its running time on AWS either; each request has
(``InvocationsTimeoutInSeconds``), in real seconds here. A container that never answers /ping is
given up after 30 minutes, one that exits after its third start.

Unproven against AWS (no page says it): what is tried again (answers of 5xx, and none at all, as
often as InvocationsMaxRetries says); that AssembleWith=Line adds no second newline to an answer
that ends with one; that lines without anything are no records; the reasons of a job without input
and of a model whose data can't be had; the data-log's words for a payload that is too large.
"""

from emulator.sagemaker.transform.room import Transforms

__all__ = ["Transforms"]
