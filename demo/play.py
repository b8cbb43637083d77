"""The demo from its first act to its last."""

import json
import re
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from demo import bars, frozen_scores, keeping, places, proof, summary
from demo.account import impatient_client
from demo.bars import Wanted
from demo.batches import read
from demo.clients import CLIENTS, Clients
from demo.drive import Driver
from demo.evidence import Evidence
from demo.failure import DemoFailed
from demo.history import Landing, months
from demo.inbox import subscribe
from demo.quality import month_score, truth
from demo.replay import Replay, load
from demo.runs import Runs
from demo.setting_up import Ready, prepare
from demo.summary import Played
from demo.timeline import Timeline
from demo.witness import Witness
from demo.year import Year
from reports.page import render


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    model: str
    keep: bool
    fresh: bool
    until: str | None
    report: Path
    tracking_uri: str

    def last_month(self, replay: Replay) -> date:
        if self.until is None:
            return replay.last_month
        first, last = f"{replay.start:%Y-%m}", f"{replay.last_month:%Y-%m}"
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", self.until) or not (
            first <= self.until <= last
        ):
            raise DemoFailed(
                f"--until must be a month like {last}, got {self.until!r}",
                next_step=f"choose one from {first} to {last}",
            )
        return date.fromisoformat(f"{self.until}-01")


def play(options: Options, timeline: Timeline, stack: ExitStack) -> list[str]:
    """Play it all; return the bars that were missed."""
    replay = load(options.model)
    last = options.last_month(replay)
    if options.fresh:
        shutil.rmtree(places.DATA, ignore_errors=True)
    ready = prepare(timeline, replay, stack, tracking_uri=options.tracking_uri)
    year = _year(ready, replay, timeline)
    with timeline.stage("first model"):
        year.begin()
    with ThreadPoolExecutor(1, thread_name_prefix="frozen") as beside:
        frozen = beside.submit(
            frozen_scores.of_first_model,
            ready.account,
            ready.deployed,
            ready.history,
            months(replay.start.date(), last),
        )
        while not year.snapshots or year.snapshots[-1] < last:
            with timeline.stage(f"{year.driver.account.now():%Y-%m}"):
                year.month()
        with timeline.stage("proof"), timeline.progress("proving"):
            played = _proven(ready, replay, year, frozen.result())
    evidence = Evidence(s3=ready.account.client("s3"), deployed=ready.deployed)
    told = summary.story(played, replay, year.driver.witness, evidence, timeline)
    summary.print_end(timeline, told)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(render(told), encoding="utf-8")
    places.TIMINGS.write_text(json.dumps(dict(told.stages), indent=1) + "\n")
    if options.keep:
        stack.pop_all()
        row = read(ready.history.requests(last), last, rows=1)[0].body.decode().splitlines()[0]
        keeping.keep(ready.account, ready.deployed.endpoint, row, timeline)
    return [*bars.missed(played.bars), *bars.failures(played.traffic)]


def _year(ready: Ready, replay: Replay, timeline: Timeline) -> Year:
    account, deployed = ready.account, ready.deployed
    inbox = subscribe(
        sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=deployed.topic_arn
    )
    runtime = impatient_client(account, "sagemaker-runtime", connections=CLIENTS)
    driver = Driver(
        account=account,
        runs=Runs(stepfunctions=account.client("stepfunctions"), deployed=deployed),
        witness=Witness(account=account, deployed=deployed, timeline=timeline, inbox=inbox),
        clients=Clients(runtime, deployed.endpoint),
    )
    landing = Landing(s3=account.client("s3"), bucket=deployed.data_bucket, model=replay.name)
    return Year(
        replay=replay,
        history=ready.history,
        landing=landing,
        driver=driver,
        timeline=timeline,
    )


def _proven(
    ready: Ready, replay: Replay, year: Year, frozen: Mapping[date, Mapping[str, float]]
) -> Played:
    metric = replay.card.evaluation.metric
    account, deployed = ready.account, ready.deployed
    answers = tuple(year.driver.clients.answers)
    proof.one_champion(account, deployed)
    captured = proof.captured_ids(
        account.client("s3"),
        bucket=deployed.captures_bucket,
        model=deployed.model,
        endpoint=deployed.endpoint,
    )
    traffic = proof.weigh(answers, captured)
    scores = tuple(
        month_score(
            snapshot, answers, truth(ready.history.truth(snapshot)), frozen[snapshot], metric
        )
        for snapshot in year.snapshots
    )
    return Played(
        start=replay.start,
        end=account.now(),
        months=scores,
        answers=answers,
        traffic=traffic,
        bars=bars.bars(
            scores,
            traffic,
            Wanted(
                metric=metric,
                month=replay.last_month,
                limit=replay.limit,
                above_frozen=replay.above_frozen,
            ),
        ),
    )
