"""What most handlers are wired with, made when first asked for."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from contracts import card
from contracts.card import ModelCard
from contracts.environment import Variable
from lambdas.adapters import busy
from lambdas.adapters.champion import ChampionPointer
from lambdas.adapters.documents import Documents
from lambdas.adapters.ledger import Ledger
from lambdas.adapters.state import StateTable


def setting(variable: Variable) -> str:
    """The setting's value; an unset one is an error that names it."""
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(f"the environment variable {variable.value} must be set")
    return value


@cache
def model_card() -> ModelCard:
    return card.load(Path(os.environ["LAMBDA_TASK_ROOT"]) / setting(Variable.CARD))


@cache
def client(name: str) -> Any:
    client: Any = boto3.client(name, config=busy.CONFIG)  # pyright: ignore[reportCallIssue, reportArgumentType, reportUnknownMemberType]
    # An endpoint's own errors are what probes count.
    return client if name == "sagemaker-runtime" else busy.watch(client)


@cache
def documents() -> Documents:
    return Documents(client("s3"))


@cache
def ledger() -> Ledger:
    return Ledger(_table(Variable.LEDGER_TABLE))


@cache
def state_table() -> StateTable:
    return StateTable(_table(Variable.STATE_TABLE))


@cache
def champion_pointer() -> ChampionPointer:
    return ChampionPointer(state_table(), model_card().name)


def _table(variable: Variable) -> Any:
    dynamodb: Any = boto3.resource("dynamodb", config=busy.CONFIG)
    busy.watch(dynamodb.meta.client)
    return dynamodb.Table(setting(variable))
