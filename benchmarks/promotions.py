"""Whether anybody who asks notices that versions change: promotions and rollbacks under load.

``.venv/bin/python -m benchmarks.promotions [pairs]``

Sixteen clients of the AWS SDK, its retries off, ask the endpoint of a deployed platform without
end, in two processes of their own; meanwhile versions are promoted, and rolled back by the one
command. The account is the embedded one: its clock is moved on, so that waits pass quickly, but no
faster than the clients get a number of answers for each of its steps.
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.share import keep
from tests.system.loop.platform_under_test import LivePlatform
from tests.system.promotion import captures, changes
from tests.system.promotion.callers import Callers
from tests.system.promotion.candidates import Registrar
from tests.system.promotion.changes import Change, Changing
from tests.system.promotion.live import live_callers
from tests.system.promotion.stage import SETTINGS, serving

PAIRS = 10
CLIENTS = 16
QUIET_SECONDS = 20.0
_SETTINGS = (
    *SETTINGS,
    # Here clients, instances and their start share a few processors, which slows the answers of
    # both versions: on AWS each instance has its own.
    ("rollout", "max_latency_ratio = 100"),
)


def main(arguments: Sequence[str]) -> int:
    pairs = int(arguments[0]) if arguments else PAIRS
    with tempfile.TemporaryDirectory() as room, serving(Path(room), _SETTINGS) as platform:
        first = changes.at_first(platform)
        with live_callers(platform, clients=CLIENTS) as asking:
            changing = Changing(
                platform=platform,
                registrar=Registrar(platform=platform, like=first.arn),
                asking=asking,
            )
            changing.made.append(changes.rest(QUIET_SECONDS, asking))
            print(changing.made[-1], flush=True)
            for _ in range(pairs):
                changing.promote()
                print(changing.made[-1], flush=True)
                changing.roll_back(first.number)
                print(changing.made[-1], flush=True)
        return _judged(platform, asking, changing)


def _judged(platform: LivePlatform, asking: Callers, changing: Changing) -> int:
    compared = captures.compared(platform, asking.answers)
    unnamed = [each for each in asking.answers if each.header != f"model_version={each.version}"]
    figures: dict[str, Any] = {
        "requests": len(asking.answers),
        "failed": len(asking.failed),
        "answers that do not name their model": len(unnamed),
        "answers of a version that had been replaced": len(changing.mixed),
        "captured nowhere": len(compared.missing),
        "captured more than once": len(compared.repeated),
        "captured as another version's": len(compared.otherwise),
    }
    slowest = max(_seconds(changing.made, "rollback"), default=0.0)
    for name, value in figures.items():
        print(f"{name:44} {value}")
    print(f"{'slowest rollback, seconds of this machine':44} {slowest:.1f}")
    for answer in asking.failed[:5]:
        print(answer)
    changed = [asdict(change) for change in changing.made]
    keep("promotions", {**figures, "slowest rollback": slowest, "changes": changed})
    wrong = [name for name, value in figures.items() if name != "requests" and value]
    return 1 if wrong else 0


def _seconds(made: Sequence[Change], what: str) -> list[float]:
    return [change.real_seconds for change in made if change.what == what]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
