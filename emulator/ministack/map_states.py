"""Distributed Map states in JSONata, which MiniStack reads as JSONPath.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions as sfn

SEAMS = (
    "ministack.services.stepfunctions:_jsonata_state_field",
    "ministack.services.stepfunctions:_resolve_params_obj",
    "ministack.services.stepfunctions:_run_distributed_map",
)

_NOT_EMULATED = ("ItemBatcher", "ResultWriter")
_GIVEN = "MapInput"
_ITEMS = "Items"

State = Mapping[str, Any]
Context = dict[str, Any]


def install() -> None:
    sfn._resolve_params_obj = _resolving(sfn._resolve_params_obj)
    sfn._run_distributed_map = _running(sfn._run_distributed_map)


def _running(original: Any) -> Any:
    def run(
        state: State, given: Any, effective: Any, iterator: State, execution: Any, ctx: Context
    ) -> Any:
        for field in _NOT_EMULATED:
            if state.get(field):
                raise sfn._ExecutionError(
                    "States.Runtime", f"the embedded account does not emulate a Map's {field}"
                )
        if sfn._state_query_language(state, ctx) != "JSONata":
            return original(state, given, effective, iterator, execution, ctx)
        inner = {**ctx, _GIVEN: given}
        plain = {k: v for k, v in _numbers(state, given, ctx).items() if k != "Output"}
        items = given
        if "Items" in state:
            items = sfn._jsonata_state_field(state, "Items", "array", given, ctx)
        plain["ItemsPath"] = f"$.{_ITEMS}"
        results, following = original(plain, given, {_ITEMS: items}, iterator, execution, inner)
        output = sfn._apply_jsonata_output(state, given, ctx, result=results, default=results)
        sfn._apply_state_assign(state, given, ctx, result=results)
        return output, following

    return run


def _numbers(state: State, given: Any, ctx: Context) -> dict[str, Any]:
    """Evaluate the settings that may be expressions."""
    settings = ("MaxConcurrency", "ToleratedFailurePercentage", "ToleratedFailureCount")
    evaluated = {
        name: sfn._jsonata_state_field(state, name, "number", given, ctx)
        for name in settings
        if name in state
    }
    return {**state, **evaluated}


def _resolving(original: Any) -> Any:
    """Evaluate an ItemReader's Arguments and an ItemSelector as JSONata, where they are."""

    def resolve(template: Any, data: Any, ctx: Context | None = None) -> Any:
        if ctx is None or _GIVEN not in ctx:
            return original(template, data, ctx)
        shown = {name: value for name, value in ctx.items() if name != _GIVEN}
        return sfn._apply_jsonata_template(template, ctx[_GIVEN], shown)

    return resolve
