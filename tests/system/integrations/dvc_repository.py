"""A DVC repository in a folder of its own, driven by DVC's own command line."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.client import PROJECT

_DVC = PROJECT / ".perennial" / "env" / "dvc" / "bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class DvcRepository:
    root: Path
    account: Mapping[str, str]
    """The variables that point AWS's SDKs at an account: DVC is told nothing else of it."""

    def __call__(self, *arguments: str) -> str:
        """Run ``dvc …``; return what it printed."""
        done = subprocess.run(
            [_DVC / "dvc", *arguments],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"dvc {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        home = self.root / ".home"
        return {
            **self.account,
            "PATH": f"{_DVC}:{os.defpath}",
            "HOME": str(home),
            "DVC_SITE_CACHE_DIR": str(home / "site"),
            "DVC_SYSTEM_CONFIG_DIR": str(home / "system"),
            "DVC_GLOBAL_CONFIG_DIR": str(home / "global"),
            "DVC_NO_ANALYTICS": "1",
        }
