"""Synthesize in memory, and read templates the way CloudFormation would."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from infra import platform, settings
from infra.bundles import ROOT

Template = dict[str, Any]
Templates = Mapping[str, Template]
Resource = dict[str, Any]


def context() -> dict[str, Any]:
    return json.loads((ROOT / "cdk.json").read_text())["context"]


def synthesize(
    environment: str, *, notify: str = "", folders: list[Path] | None = None, **asked: str
) -> Templates:
    """Return each stack's template by the stack's name."""
    app = App(outdir=tempfile.mkdtemp(prefix="perennial-synth-"), context=context())
    found = platform.model_folders() if folders is None else folders
    platform.build(app, settings.load(environment, notify=notify, **asked), found)
    return {stack.stack_name: stack.template for stack in app.synth().stacks}


def resources(template: Template, kind: str) -> dict[str, Resource]:
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def resources_of(templates: Templates, kind: str) -> dict[str, Resource]:
    """All of a kind, by ``<stack>/<logical id>``."""
    return {
        f"{stack}/{name}": resource
        for stack, template in templates.items()
        for name, resource in resources(template, kind).items()
    }


def text_of(value: Any) -> str:
    """Join what CloudFormation would join; a reference becomes ``<LogicalId>``."""
    if isinstance(value, str):
        return value
    [(function, argument)] = value.items()
    if function == "Fn::Join":
        return argument[0].join(text_of(part) for part in argument[1])
    if function == "Fn::GetAtt":
        return f"<{'.'.join(argument)}>"
    return f"<{text_of(argument)}>"


def definition(template: Template, name_ends: str) -> dict[str, Any]:
    """The definition of the state machine whose name ends so."""
    [machine] = [
        resource
        for resource in resources(template, "AWS::StepFunctions::StateMachine").values()
        if resource["Properties"]["StateMachineName"].endswith(name_ends)
    ]
    return json.loads(text_of(machine["Properties"]["DefinitionString"]))


def statements(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every identity policy, with the policy it is in."""
    for name, policy in resources_of(templates, "AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield name, statement


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
