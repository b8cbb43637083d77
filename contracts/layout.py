"""Where things lie in the buckets: every key is made here, and nowhere else."""

PROBE_PREFIX = "probe-"
"""Inference ids of promotion's own probes; captures with them are nobody's traffic."""


def incoming_prefix(model: str) -> str:
    """Data bucket: raw files land at ``<model>/incoming/<dataset>/<anything>.csv``."""
    return f"{model}/incoming/"


def dataset_prefix(model: str, dataset: str) -> str:
    return f"{incoming_prefix(model)}{dataset}/"


def snapshot_key(model: str, digest: str) -> str:
    """Data bucket: the immutable list of what one run may read."""
    return f"{model}/snapshots/{digest}/snapshot.json"


def manifest_key(model: str, digest: str, dataset: str) -> str:
    """Data bucket: the same list in SageMaker's ManifestFile format, one per dataset."""
    return f"{model}/snapshots/{digest}/{dataset}.manifest"


def quarantine_key(model: str, run_id: str, dataset: str, filename: str) -> str:
    """Data bucket: a refused file; its reason lies beside it as ``<key>.reason.json``."""
    return f"{model}/quarantine/{run_id}/{dataset}/{filename}"


def set_aside_key(model: str, run_id: str, dataset: str, filename: str) -> str:
    """Data bucket: the rows of an accepted file that broke a rule, each with it."""
    return f"{quarantine_key(model, run_id, dataset, filename)}.rows.csv"


PASSING = "_passing/"
"""Data bucket: what can be made again, below ``<model>/``; it goes after a month. Lifecycle rules
take no pattern, and no model's name begins with an underscore."""


def passing_prefix(model: str) -> str:
    return f"{PASSING}{model}/"


def staged_prefix(model: str, purpose: str, dataset: str) -> str:
    """Data bucket: copies of earlier versions of files, for a run that must read them again."""
    return f"{passing_prefix(model)}staged/{purpose}/{dataset}/"


def staged_manifest_key(model: str, purpose: str, dataset: str) -> str:
    """Data bucket: the manifest that lists those copies."""
    return f"{passing_prefix(model)}staged/{purpose}/{dataset}.manifest"


def run_prefix(model: str, run_id: str) -> str:
    """Reports bucket: what one run leaves as evidence."""
    return f"{model}/runs/{run_id}/"


def validation_prefix(model: str, run_id: str) -> str:
    """Reports bucket: holds ``report.json`` (contracts.validation) and ``report.html``, the
    ``profile.json`` of what was accepted, and below ``set_aside/`` the rows that were not."""
    return f"{run_prefix(model, run_id)}validation/"


def set_aside_name(dataset: str, filename: str) -> str:
    """Below the validation prefix: a file's bad rows, each with the rule that caught it."""
    return f"set_aside/{dataset}/{filename}.rows.csv"


def evaluation_prefix(model: str, run_id: str) -> str:
    """Reports bucket: holds ``evaluation.json``, ``baseline.json``, ``golden.csv`` (requests),
    ``answers.json`` (what they must be answered), ``predictions.json`` (the baseline of the
    answers to the hold-out) and ``schema.json`` (the features that a request must hold)."""
    return f"{run_prefix(model, run_id)}evaluation/"


def smoke_prefix(model: str, run_id: str) -> str:
    """Reports bucket: ``<job>/golden.csv.out`` below it is what a smoke test was answered."""
    return f"{run_prefix(model, run_id)}smoke/"


def verdict_key(model: str, run_id: str) -> str:
    """Reports bucket: the gate's verdict with its criteria."""
    return f"{run_prefix(model, run_id)}verdict.json"


def record_key(model: str, run_id: str) -> str:
    """Reports bucket: all that it takes to build the run's candidate again (contracts.record)."""
    return f"{run_prefix(model, run_id)}record.json"


def raw_prefix(model: str) -> str:
    """Data bucket: what others deliver for ingestion to fetch (contracts.card_ingestion)."""
    return f"{model}/raw/"


def ingested_prefix(model: str) -> str:
    """Data bucket: what ingestion keeps of each day."""
    return f"{model}/ingested/"


def day_record_key(model: str, day: str) -> str:
    """Data bucket: what came of fetching one day (contracts.ingestion)."""
    return f"{ingested_prefix(model)}{day}.json"


def part_prefix(model: str, dataset: str, event_day: str) -> str:
    """Data bucket: the rows of one day, as ``<day they were fetched>.csv``."""
    return f"{ingested_prefix(model)}parts/{dataset}/{event_day}/"


def query_prefix(model: str, day: str) -> str:
    """Data bucket: where Athena leaves a day's answers."""
    return f"{passing_prefix(model)}queries/{day}/"


def batch_prefix(model: str) -> str:
    """Data bucket: files to be scored as a whole, and their answers."""
    return f"{model}/batch/"


def batch_incoming_prefix(model: str) -> str:
    """Data bucket: a file that lands here is scored by itself where the card serves in batches."""
    return f"{batch_prefix(model)}incoming/"


def batch_run_prefix(model: str, batch_id: str) -> str:
    """Data bucket: ``input.manifest``, ``batch.json`` (contracts.batch.BatchRecord), and, unless
    others were asked for, ``input/`` with what was uploaded and ``scored/`` with the answers."""
    return f"{batch_prefix(model)}{batch_id}/"


def drift_report_key(model: str, window_end: str) -> str:
    """Reports bucket: one drift check's report (contracts.drift_report)."""
    return f"{model}/drift/{window_end}.json"


def truth_prefix(model: str) -> str:
    """Data bucket: labels by inference id land at ``<model>/truth/yyyy/mm/dd/hh/…jsonl``, by the
    hour in which they were collected, in the form that AWS has for model monitoring."""
    return f"{model}/truth/"


def quality_prefix(model: str) -> str:
    """Reports bucket: what quality checks write and read."""
    return f"{model}/quality/"


def quality_report_key(model: str, window_end: str) -> str:
    """Reports bucket: one quality check's report (contracts.quality_report)."""
    return f"{quality_prefix(model)}{window_end}.json"


def quality_past_key(model: str, version: int) -> str:
    """Reports bucket: the judged metric of the windows in which a version answered."""
    return f"{quality_prefix(model)}versions/{version}/past.json"


def quality_promise_key(model: str, version: int) -> str:
    """Reports bucket: where a version's evaluation lies, noted while it was the champion."""
    return f"{quality_prefix(model)}versions/{version}/promise.json"


def models_prefix(model: str) -> str:
    """Artifacts bucket: training's S3OutputPath; SageMaker adds ``<job>/output/model.tar.gz``."""
    return f"{model}/models/"


def checkpoints_prefix(model: str) -> str:
    """Artifacts bucket: ``<run_id>/`` below it is where a run's training resumes from."""
    return f"{model}/checkpoints/"


def captures_prefix(model: str) -> str:
    """Captures bucket: SageMaker adds ``<endpoint>/<variant>/yyyy/mm/dd/hh/…jsonl``."""
    return f"{model}/"


def capture_quarantine_key(model: str, window_start: str, capture_key: str) -> str:
    """Captures bucket: what one drift window could not read of one capture file, with reasons."""
    rest = capture_key.removeprefix(captures_prefix(model))
    return f"{captures_prefix(model)}quarantine/{window_start}/{rest}"


def s3_uri(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"


def split_s3_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of ``s3://bucket/key``."""
    scheme, _, rest = uri.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket or not key:
        raise ValueError(f"an S3 URI looks like s3://bucket/key, got {uri!r}")
    return bucket, key
