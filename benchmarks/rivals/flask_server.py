"""Flask calling scikit-learn, run by gunicorn with gevent: SageMaker's scikit-learn container.

https://github.com/aws/sagemaker-scikit-learn-container. That one has nginx before it and reads CSV
by numpy.genfromtxt; here neither slows it down.
"""

import json
import os
import pickle
from pathlib import Path

import numpy as np
from flask import Flask, Response, request

application = Flask(__name__)
# A benchmark's own file, written a moment ago.
model = pickle.loads((Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model.pickle").read_bytes())


@application.get("/ping")
def ping() -> Response:
    return Response(status=200)


@application.post("/invocations")
def invocations() -> Response:
    lines = request.get_data().decode().splitlines()
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines])
    scores = model.predict_proba(rows)[:, 1].tolist()
    answer = [{"score": score, "label": int(score >= 0.5)} for score in scores]
    return Response(json.dumps({"predictions": answer}), mimetype="application/json")
