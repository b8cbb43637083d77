"""The HTTP face of one model: ``GET /ping`` and ``POST /invocations``, as SageMaker asks.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.quality import Task
from ml.serving.predictor import Predictor
from ml.serving.request import MAX_BYTES, BadRequest, read_rows

LABEL_FROM = 0.5
"""A classifier's scores from here on are labelled 1; other answers have no label."""


def build(predictor: Predictor, version: str) -> Starlette:
    """Return the application that answers with ``predictor`` and names ``version``."""
    labelled = predictor.card.task is Task.BINARY_CLASSIFICATION

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        try:
            body = await _body(request)
            rows = read_rows(body, request.headers.get("content-type", ""), predictor.card.features)
        except BadRequest as error:
            return _answer({"error": str(error)}, error.status)
        except ClientDisconnect:
            return Response(status_code=400)
        scores: list[float] = predictor.score(rows).tolist()
        if labelled:
            predictions = [{"score": s, "label": int(s >= LABEL_FROM)} for s in scores]
        else:
            predictions = [{"score": s} for s in scores]
        return _answer({"model_version": version, "predictions": predictions}, 200)

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/invocations", invocations, methods=["POST"]),
        ]
    )


async def _body(request: Request) -> bytes:
    """Read the body, but never more than is allowed: its length may be a lie or unknown."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_BYTES:
            raise BadRequest(f"the body must be at most {MAX_BYTES} bytes", 413)
    return bytes(content)


def _answer(document: dict[str, object], status: int) -> Response:
    return Response(orjson.dumps(document), status, media_type="application/json")
