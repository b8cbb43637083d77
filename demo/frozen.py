"""Score months of requests with one model artifact, through the serving code.

``python -m demo.frozen <model.tar.gz> <output folder> <requests.csv>…`` runs in the ml environment
and writes ``customer,score`` rows to a file of the same name for each file of requests.
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

from ml.evaluation.archive import unpack
from ml.serving.predictor import Predictor, load_verified


def score(predictor: Predictor, requests: Path, output: Path) -> None:
    with requests.open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    features = np.array([row[1:] for row in rows], dtype=np.float64)
    scores = predictor.score(features)
    with output.open("w", newline="") as file:
        customers = (row[0] for row in rows)
        csv.writer(file).writerows(zip(customers, scores.tolist(), strict=True))


def main(archive: Path, output: Path, months: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as room:
        unpack(archive, Path(room))
        predictor = load_verified(Path(room))
        for requests in months:
            score(predictor, requests, output / requests.name)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("usage: python -m demo.frozen <model.tar.gz> <output folder> <requests.csv>…")
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
