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

from contracts import card
from contracts.card import ModelCard
from demo import bars, frozen_scores, keeping, places, proof, summary
from demo.account import START, impatient_client
from demo.batches import read
from demo.clients import CLIENTS, Clients
from demo.drive import Driver
from demo.evidence import Evidence
from demo.failure import DemoFailed
from demo.history import Landing, months
from demo.inbox import subscribe
from demo.quality import month_score, truth
from demo.runs import Runs
from demo.setting_up import Ready, prepare
from demo.summary import Played
from demo.timeline import Timeline
from demo.witness import Witness
from demo.year import Year
from reports.page import render

CARD = places.PROJECT / "ml" / "workloads" / "churn" / "card.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    keep: bool
    fresh: bool
    until: str
    report: Path

    @property
    def last_month(self) -> date:
        if not re.fullmatch(r"199[78]-\d\d", self.until):
            raise DemoFailed(
                f"--until must be a month like 1998-04, got {self.until!r}",
                next_step="choose one from 1997-05 to 1998-04",
            )
        return date.fromisoformat(f"{self.until}-01")


def play(options: Options, timeline: Timeline, stack: ExitStack) -> list[str]:
    """Play it all; return the bars that were missed."""
    last = options.last_month
    if options.fresh:
        shutil.rmtree(places.DATA, ignore_errors=True)
    model_card = card.load(CARD)
    ready = prepare(timeline, model_card.name, stack)
    year = _year(ready, model_card, timeline)
    with timeline.stage("first model"):
        year.begin()
    with ThreadPoolExecutor(1, thread_name_prefix="frozen") as beside:
        frozen = beside.submit(
            frozen_scores.of_first_model,
            ready.account,
            ready.deployed,
            ready.history,
            months(START.date(), last),
        )
        while not year.snapshots or year.snapshots[-1] < last:
            with timeline.stage(f"{year.driver.account.now():%Y-%m}"):
                year.month()
        with timeline.stage("proof"), timeline.progress("proving"):
            played = _proven(ready, year, frozen.result())
    evidence = Evidence(s3=ready.account.client("s3"), deployed=ready.deployed)
    told = summary.story(played, model_card, year.driver.witness, evidence, timeline)
    summary.print_end(timeline, told)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(render(told), encoding="utf-8")
    places.TIMINGS.write_text(json.dumps(dict(told.stages), indent=1) + "\n")
    if options.keep:
        stack.pop_all()
        row = read(ready.history.requests(last), last)[0].body.decode().splitlines()[0]
        keeping.keep(ready.account, ready.deployed.endpoint, row, timeline)
    return [*bars.missed(played.bars), *bars.failures(played.traffic)]


def _year(ready: Ready, model_card: ModelCard, timeline: Timeline) -> Year:
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
    landing = Landing(s3=account.client("s3"), bucket=deployed.data_bucket, model=model_card.name)
    return Year(
        card=model_card,
        history=ready.history,
        landing=landing,
        driver=driver,
        timeline=timeline,
    )


def _proven(ready: Ready, year: Year, frozen: Mapping[date, Mapping[str, float]]) -> Played:
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
        month_score(snapshot, answers, truth(ready.history.truth(snapshot)), frozen[snapshot])
        for snapshot in year.snapshots
    )
    return Played(
        start=START,
        end=account.now(),
        months=scores,
        answers=answers,
        traffic=traffic,
        bars=bars.bars(scores, traffic),
    )
