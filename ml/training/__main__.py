"""Train one candidate: ``python -m ml.container train``, under SageMaker's training contract."""

import os
import sys
from collections.abc import Mapping

from contracts import moment
from ml.places import Places, of_container, required
from ml.refusal import run
from ml.training.provenance import Image, of_process


def main() -> int:
    places = of_container()
    return run(lambda: train(places, of_process(), os.environ), places.failure)


def train(places: Places, image: Image, variables: Mapping[str, str]) -> None:
    """Leave a model artifact, then tell the tracking server that ``variables`` may name."""
    settings = places.hyperparameters()
    as_of = moment.parse(required(settings, "as_of"))
    run_id = required(settings, "run_id")

    # Imported here: a wrong setting is refused before seconds of imports.
    from ml.training.job import perform
    from ml.training.tracking import log

    finished = perform(places, image, settings, run_id=run_id, as_of=as_of)
    print(" ".join(f"{name}={value:.6f};" for name, value in finished.metrics.items()), flush=True)
    log(finished, places.data, variables)


if __name__ == "__main__":
    sys.exit(main())
