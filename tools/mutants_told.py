"""Tell how many changes of a mutation run were noticed, and show each one that was not."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

BAR = 0.9
NOTICED = {"killed", "timeout", "caught by type check", "suspicious"}
_LINE = re.compile(r"^\s+(?P<name>\S+): (?P<outcome>.+)$")


def outcomes(room: Path) -> dict[str, str]:
    """Return what became of each changed piece of code, by its name."""
    told = _mutmut(room, "results", "--all", "true")
    found = (_LINE.match(line) for line in told.splitlines())
    return {one["name"]: one["outcome"].strip() for one in found if one is not None}


def change(room: Path, name: str) -> list[str]:
    """Return the lines taken out and put in, without the rest of the function."""
    lines = _mutmut(room, "show", name).splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def _mutmut(room: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=room, capture_output=True, text=True, check=True)
    return done.stdout


def main(part: str, room: Path) -> int:
    found = outcomes(room)
    if not found:
        raise SystemExit(f"mutants: nothing was changed for {part}")
    counts = Counter(found.values())
    killed = sum(count for outcome, count in counts.items() if outcome in NOTICED)
    missed = {name: change(room, name) for name, one in found.items() if one not in NOTICED}
    for name, lines in missed.items():
        print(f"{found[name]}: {name}", *lines, sep="\n  ")
    share = killed / len(found)
    print(f"{part}: {killed} of {len(found)} changes noticed, {share:.1%} {dict(counts)}")
    kept = Path(".perennial") / "benchmarks" / f"mutants-{part}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    document = {"noticed": killed, "changes": len(found), "missed": missed}
    kept.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return 0 if share >= BAR else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
