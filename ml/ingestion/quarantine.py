"""What a delivery had that broke a rule: the file or its rows, with the rule beside."""

import json
from dataclasses import asdict
from datetime import date

from contracts import layout
from ml.data import DataFile
from ml.ingestion.store import Store
from ml.validation.judgement import Judged
from ml.validation.judging import bad_rows


def quarantine(
    store: Store, model: str, run_id: str, day: date, file: DataFile, judged: Judged
) -> None:
    dataset = file.listed.dataset
    name = file.listed.key.removeprefix(layout.dataset_prefix(model, dataset))
    if judged.report.refused:
        key = layout.quarantine_key(model, run_id, dataset, name)
        store.write(key, file.content)
        reason = {
            "run_id": run_id,
            "source": {"day": str(day), "sha256": file.listed.sha256},
            "violations": [asdict(violation) for violation in judged.report.violations],
        }
        store.write(f"{key}.reason.json", json.dumps(reason, indent=1).encode())
    elif judged.bad_rows:
        store.write(layout.set_aside_key(model, run_id, dataset, name), bad_rows(file, judged))
