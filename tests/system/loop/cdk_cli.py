"""The real CDK command line, pointed at an embedded account and kept out of the user's home."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.client import PROJECT, RunningAccount

_CDK = PROJECT / ".perennial" / "cdk"
_APP = ".venv/bin/python app.py"
ENVIRONMENT = "dev"
WITHOUT_NETWORK = ("unshare", "--user", "--map-root-user", "--net")
"""A command that runs another one on a machine without a network: unshare(1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdk:
    """``room`` takes the assembly, the CLI's own home, and nothing needs to be there before."""

    room: Path
    models: Path
    """Folder with one folder for each model: what ``-c models=`` names."""

    @property
    def assembly(self) -> Path:
        return self.room / "cdk.out"

    def synthesize(self, *, within: Sequence[str] = ()) -> None:
        """Run the app; ``within`` is a command that runs the CLI."""
        context = (f"env={ENVIRONMENT}", f"models={self.models}")
        self._run(
            "synth",
            *("--quiet", "--app", _APP, "--output", self.assembly),
            *(part for each in context for part in ("--context", each)),
            cwd=PROJECT,
            within=within,
        )

    def bootstrap(self, account: RunningAccount) -> None:
        empty = self.room / "empty"  # without a cdk.json the CLI does not run the app again
        empty.mkdir(exist_ok=True)
        where = f"aws://{account.account_id}/{account.region}"
        self._run("bootstrap", where, cwd=empty, environment=account.environment())

    def deploy(self, account: RunningAccount, stack: str = "--all") -> str:
        """Deploy all stacks, or one with those it stands on; return what the CLI said."""
        options = ("--require-approval", "never", "--concurrency", "4", "--progress", "events")
        return self._on_assembly(account, "deploy", stack, *options)

    def destroy(self, account: RunningAccount) -> str:
        return self._on_assembly(account, "destroy", "--all", "--force")

    def _on_assembly(self, account: RunningAccount, command: str, *options: str) -> str:
        return self._run(
            command,
            *("--app", self.assembly, *options),
            cwd=self.room,
            environment=account.environment(),
        )

    def _run(
        self,
        *arguments: str | Path,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> str:
        command: Sequence[str | Path] = (
            *within,
            _CDK / "node_modules" / ".bin" / "cdk",
            *("--no-notices", "--no-color", "--ci", *arguments),
        )
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env={**surroundings(self.room), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, f"cdk {arguments[0]} ended {done.returncode}:\n{done.stdout}"
        return done.stdout


def can_unshare() -> bool:
    """Say whether this machine lets us take the network from a program."""
    if shutil.which(WITHOUT_NETWORK[0]) is None:
        return False
    return subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True).returncode == 0


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment with Node, Python and no word of any AWS account."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    path = (PROJECT / ".venv" / "bin", _CDK, mine.get("PATH", ""))
    return {
        **mine,
        "PATH": os.pathsep.join(str(each) for each in path),
        "HOME": str(home),
        "CDK_HOME": str(home / "cdk-home"),
        "JSII_NODE": str(_CDK / "node"),
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(_CDK / "jsii"),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "CDK_DISABLE_VERSION_CHECK": "1",
        "NODE_NO_WARNINGS": "1",
    }
