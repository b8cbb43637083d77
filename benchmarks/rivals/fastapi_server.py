"""FastAPI calling scikit-learn, on uvicorn with uvloop and httptools."""

import os
import pickle
from pathlib import Path

import numpy as np
import orjson
from fastapi import FastAPI, Request, Response

application = FastAPI()
# A benchmark's own file, written a moment ago.
model = pickle.loads((Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model.pickle").read_bytes())


@application.get("/ping")
async def ping() -> Response:
    return Response(status_code=200)


@application.post("/invocations")
async def invocations(request: Request) -> Response:
    lines = (await request.body()).decode().splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines])
    scores = model.predict_proba(rows)[:, 1].tolist()
    answer = [{"score": score, "label": int(score >= 0.5)} for score in scores]
    return Response(orjson.dumps({"predictions": answer}), media_type="application/json")
