"""The git commit that a folder's content comes from: the last one that touched it."""

import shutil
import subprocess
from pathlib import Path

UNKNOWN = "unknown"


def of_folder(folder: Path) -> str:
    """Return the commit, with ``-changed`` when files differ from it, or ``unknown`` outside git.

    It changes only with the folder, so that a commit elsewhere changes no template.
    """
    git = shutil.which("git")
    if git is None:
        return UNKNOWN
    commit = _answer(git, folder, "log", "-1", "--format=%H", "--", ".")
    if not commit:
        return UNKNOWN
    changed = _answer(git, folder, "status", "--porcelain", "--", ".")
    return f"{commit}-changed" if changed else commit


def _answer(git: str, folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [git, "-C", str(folder), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""
