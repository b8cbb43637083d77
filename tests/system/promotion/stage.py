"""A platform of the real templates on which a champion serves, for what promotion must survive."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from demo import history, replay
from emulator import client
from emulator.client import RunningAccount
from perennial import deployed as stacks
from tests.system.loop import churn_folder, image_folder
from tests.system.loop.cdk_cli import ENVIRONMENT, Cdk
from tests.system.loop.operator_inbox import Inbox
from tests.system.loop.platform_under_test import LivePlatform

_MAY = datetime(1997, 5, 1, tzinfo=UTC)

Settings = Iterable[tuple[str, str]]
"""A card's section, and what is put into it."""

SETTINGS: Settings = (
    # Trees as large as the model's own: their answers are a distribution worth guarding.
    ("hyperparameters", "max_iter = 60"),
    ("hyperparameters", "max_leaf_nodes = 8"),
    ("rollout", "bake_seconds = 120"),
    ("rollout", "min_invocations = 40"),
    # What stands before a bad candidate's server takes its time, the more on a busy machine.
    ("rollout", "max_latency_ratio = 8"),
    # The guard as shipped: the scenarios of small trees allow any distribution.
    ("rollout", "max_prediction_psi = 0.25"),
)


@contextmanager
def serving(room: Path, settings: Settings = SETTINGS) -> Generator[LivePlatform]:
    """Deploy the churn model, train its first version and put it behind its endpoint."""
    models = room / "models"
    churn_folder.lay_out(models)
    card = models / churn_folder.MODEL / "card.toml"
    for section, setting in settings:
        card.write_text(churn_folder.put(card.read_text("utf-8"), section, setting), "utf-8")
    cdk = Cdk(room=room, models=models)
    with ThreadPoolExecutor(2) as pool:
        synthesis = pool.submit(cdk.synthesize)
        data = pool.submit(history.prepared, replay.load(churn_folder.MODEL), room / "data.log")
        with client.start(state=room / "account", clock=_MAY) as account:
            cdk.bootstrap(account)
            synthesis.result()
            cdk.deploy(account)
            platform = _platform(account, cdk, models, data.result())
            _land(platform)
            first = platform.run("the first model")
            assert first.output.get("outcome") == "promoted", f"{first}\n{platform.recently()}"
            yield platform


def _platform(
    account: RunningAccount, cdk: Cdk, models: Path, data: history.History
) -> LivePlatform:
    found = stacks.find(
        account.client("cloudformation"), environment=ENVIRONMENT, model=churn_folder.MODEL
    )
    image_folder.push(account, found.repository, "good")
    inbox = Inbox.subscribed(
        sqs=account.client("sqs"), sns=account.client("sns"), topic_arn=found.topic_arn
    )
    return LivePlatform(
        account=account, deployed=found, history=data, cdk=cdk, models=models, inbox=inbox
    )


def _land(platform: LivePlatform) -> None:
    """All purchases that were known by May, with their labels."""
    with platform.no_new_data_rule():
        for dataset in ("purchases", "labels"):
            landing = platform.history.landing(
                [dataset], after=date(1997, 1, 1), by=date(1997, 4, 30)
            )
            for file in landing:
                platform.land(file.name, file.content, dataset=dataset)
