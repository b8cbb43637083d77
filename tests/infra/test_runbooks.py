"""Every runbook has the same sections, and no command that does not exist."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import Session
from typer.main import get_command

from infra.bundles import ROOT
from perennial.__main__ import app

SECTIONS = ["What it means", "First look", "Likely causes", "Commands", "When to wake whom"]
PAGES = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
_SERVICES = {"s3": {"ls", "cp", "rm", "sync"}, "logs": {"tail"}}
"""What the AWS CLI has beside the services' own operations:
https://docs.aws.amazon.com/cli/latest/reference/s3/ and …/logs/tail.html"""


def runbooks() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def commands(page: Path) -> Iterator[list[str]]:
    """Yield every command of a page's code spans and blocks, a placeholder being one word."""
    text = re.sub(r"<[^>\n]+>", "PLACEHOLDER", page.read_text("utf-8"))
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in (*"".join(blocks).splitlines(), *(span.replace("\n", " ") for span in spans)):
        words = shlex.split(line) if line.startswith(("perennial ", "make ", "aws ")) else []
        if words:
            yield words


@cache
def targets() -> set[str]:
    return set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8")))


@cache
def operations(service: str) -> dict[str, Any]:
    model = Session().get_service_model("s3" if service == "s3api" else service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def unknown(words: list[str]) -> str | None:
    """Return the part of a command that does not exist."""
    tool, name, *rest = words
    options = [word.partition("=")[0] for word in rest if word.startswith("--")]
    if tool == "make":
        return None if name in targets() else name
    if tool == "perennial":
        command = get_command(app).commands.get(name)  # pyright: ignore[reportAttributeAccessIssue]
        if command is None:
            return name
        known = {each for parameter in command.params for each in parameter.opts}
        return next((each for each in options if each not in known), None)
    if rest[0] in _SERVICES.get(name, ()):
        return None
    operation = operations(name).get(rest[0])
    if operation is None:
        return f"{name} {rest[0]}"
    known = {f"--{xform_name(each, '-')}" for each in operation.input_shape.members}
    return next((each for each in options if each not in known), None)


@runbooks()
def test_a_runbook_has_a_title_and_the_sections_in_their_order(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS
    for name, _, body in (part.partition("\n") for part in "\n".join(lines).split("\n## ")[1:]):
        assert body.strip(), f"{name} is empty"


@runbooks()
def test_every_command_of_a_runbook_exists(page: Path) -> None:
    found = list(commands(page))
    assert found, "a runbook without a command helps nobody"
    assert [(" ".join(words), wrong) for words in found if (wrong := unknown(words))] == []


@runbooks()
def test_every_page_that_a_runbook_links_exists(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8").replace("\n", " "))
    assert [link for link in links if not (page.parent / link.strip()).is_file()] == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("perennial undo --model x", "undo"),
        ("perennial status --fast", "--fast"),
        ("make coffee", "coffee"),
        ("aws sqs fetch-message --queue-url x", "sqs fetch-message"),
        ("aws sqs receive-message --queue x", "--queue"),
    ],
)
def test_a_command_that_does_not_exist_is_named(command: str, said: str) -> None:
    assert unknown(command.split()) == said
