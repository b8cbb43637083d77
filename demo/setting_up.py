"""From nothing to deployed stacks with an image, as much at once as depends on nothing else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

from demo import account as accounts
from demo import deployment, history, image
from demo.history import History
from demo.replay import Replay
from demo.timeline import Timeline
from emulator.client import RunningAccount
from perennial import deployed as stacks
from perennial.deployed import Deployed

T = TypeVar("T")
_LOG = deployment.LOGS / "data.log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    account: RunningAccount
    deployed: Deployed
    history: History
    image_uri: str


def prepare(timeline: Timeline, replay: Replay, stack: ExitStack, *, tracking_uri: str) -> Ready:
    """Return when all is deployed; ``stack`` is told how to end the account."""
    if accounts.stop_earlier():
        timeline.say("account", "stopped the one that an earlier demo left running")
    with ThreadPoolExecutor(3, thread_name_prefix="setting-up") as pool:
        data = pool.submit(_measured, timeline, "data", lambda: history.prepared(replay, _LOG))
        synth = pool.submit(
            _measured,
            timeline,
            "synth",
            lambda: deployment.synthesize(replay.folder.name, tracking_uri),
        )
        with timeline.progress("starting the account, synthesizing, fetching data"):
            with timeline.stage("account"):
                account = accounts.start(replay.start)
                stack.callback(account.stop)
            timeline.say("account", f"{account.endpoint_url} after {account.ready_seconds} s")
            with timeline.stage("bootstrap"):
                deployment.bootstrap(account)
            synth.result()
        with timeline.progress("cdk deploy"), timeline.stage("deploy"):
            deployment.deploy(account, replay.name)
        timeline.say("deployed", f"stacks of {deployment.ENVIRONMENT}, by the CDK's own CLI")
        found = stacks.find(
            account.client("cloudformation"), environment=deployment.ENVIRONMENT, model=replay.name
        )
        uri = image.push(account, found.repository, replay.card.image)
        timeline.say("image", uri.partition("/")[2])
        return Ready(account=account, deployed=found, history=data.result(), image_uri=uri)


def _measured(timeline: Timeline, name: str, work: Callable[[], T]) -> T:
    with timeline.stage(name):
        return work()
