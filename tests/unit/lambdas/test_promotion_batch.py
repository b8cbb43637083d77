"""A model that serves in batches: verified, tried alone, and the pointer moved; no endpoint."""

from dataclasses import replace
from typing import Any

import boto3
import pytest

from contracts import moment
from contracts.card import ServingMode
from contracts.ledger import LedgerKind
from contracts.run import Purpose
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable
from lambdas.promotion.errors import PromotionRefused
from lambdas.promotion.plan_document import Action, parse_plan
from tests.unit.lambdas.examples import CARD, CHAMPION, request
from tests.unit.lambdas.promotion_stage import FakeRuntime, Stage
from tests.unit.lambdas.test_promotion_ending import conclude
from tests.unit.lambdas.test_promotion_plan import plan


@pytest.fixture
def stage(sagemaker: Any, aws: None, s3: Any, state_table: StateTable, ledger: Ledger) -> Stage:
    made = Stage(sagemaker, boto3.client("cloudwatch"), s3, state_table, ledger)
    made.card = replace(CARD, serving=replace(CARD.serving, mode=ServingMode.BATCH))
    return made


def test_the_plan_makes_a_model_to_be_tried_alone_and_nothing_that_serves_it(stage: Stage) -> None:
    made = plan(stage)
    assert (made.action, made.smoke, made.alarms) == (Action.MODEL, True, ())
    assert parse_plan(made.document()) == made
    assert stage.sagemaker.describe_model(ModelName=made.deployment)
    assert stage.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert stage.alarm_names() == []
    assert not plan(stage, smoked=True).smoke


def test_an_unfit_version_is_refused_as_before_an_endpoint(stage: Stage) -> None:
    stage.images.missing = True
    with pytest.raises(PromotionRefused, match="does not exist: injected"):
        plan(stage)


def test_what_passed_alone_becomes_champion_and_no_endpoint_is_asked_or_scaled(
    stage: Stage, ledger: Ledger
) -> None:
    assert stage.champion.move(CHAMPION, token=1)
    made = plan(stage, smoked=True, champion=CHAMPION)
    runtime = FakeRuntime("2")
    done = conclude(stage, made, runtime)
    assert (done["outcome"], done["version"]) == ("promoted", 2)
    champion = stage.champion.read()
    assert champion is not None
    assert champion.deployment == made.deployment
    assert champion.promoted_at == moment.render(request().as_of)
    assert (runtime.asked, stage.scaling.applied) == ([], [])
    [line] = list(ledger.newest_first("churn", [LedgerKind.PROMOTED]))
    assert line.details["scaling"] == "no endpoint"
    assert line.details["replaces"] == CHAMPION.deployment
    assert conclude(stage, plan(stage, smoked=True), runtime) == done


def test_a_version_that_has_served_comes_back_without_being_tried_alone(stage: Stage) -> None:
    made = plan(stage, purpose=Purpose.ROLLBACK)
    assert (made.action, made.smoke) == (Action.MODEL, False)


def test_an_endpoint_of_former_days_is_for_a_person_to_delete(stage: Stage) -> None:
    stage.endpoints.serve("churn-dev-v1-aaaaaaaa")
    with pytest.raises(PromotionRefused, match="delete it once nobody asks it any more"):
        plan(stage)
