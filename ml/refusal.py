"""How a container ends when it will not go on: one plain sentence where SageMaker looks for it."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from contracts.errors import ContractError


class Refusal(Exception):
    """What was asked cannot be done as asked; the text says why, in one sentence."""


def run(step: Callable[[], None], reason_file: Path) -> int:
    """Run ``step``; return the exit code, after writing why it failed to ``reason_file``.

    The log holds the traceback of what nobody foresaw; the reason stays one sentence.
    """
    try:
        step()
    except (Refusal, ContractError) as refusal:
        reason = str(refusal)
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
    else:
        return 0
    print(f"refused: {reason}", file=sys.stderr, flush=True)
    reason_file.parent.mkdir(parents=True, exist_ok=True)
    reason_file.write_text(reason, encoding="utf-8")
    return 1
