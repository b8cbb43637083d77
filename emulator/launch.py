"""Launch the account's process, hear that it is ready, and see it end with the launcher."""

import os
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROJECT = Path(__file__).resolve().parent.parent
INTERPRETER = PROJECT / ".perennial" / "env" / "emulator" / "bin" / "python"

_READY = "embedded account ready at "


class DidNotStart(Exception):
    """The account's process ended, or said nothing, before it was ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launched account: its process, and the pipe whose closing ends it."""

    process: "subprocess.Popen[str]"
    lifeline: int

    @classmethod
    def of(cls, arguments: Sequence[str], *, interpreter: Path) -> Self:
        theirs, ours = os.pipe()
        try:
            process = subprocess.Popen(
                [str(interpreter), "-m", "emulator", *arguments, "--lifeline", str(theirs)],
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                pass_fds=(theirs,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a closed terminal does not end what was told to stay
                text=True,
            )
        except OSError as error:
            os.close(ours)
            raise DidNotStart(
                f"the emulator's interpreter {interpreter} does not run ({error}): make it with "
                "tools/setup"
            ) from error
        finally:
            os.close(theirs)
        return cls(process=process, lifeline=ours)

    def address(self, state: Path, patience: float) -> str:
        """Wait for the account's ready line; return the address that it names."""
        assert self.process.stdout is not None  # noqa: S101 - ``of`` made the pipe
        said: list[str] = []
        readline = self.process.stdout.readline
        reader = threading.Thread(target=lambda: said.append(readline()), daemon=True)
        reader.start()
        reader.join(patience)
        line = said[0] if said else ""
        if line.startswith(_READY):
            return line.removeprefix(_READY).split()[0]
        self.process.terminate()
        rest = self.process.communicate(timeout=10)[0] if said else ""
        reason = (line + rest).strip() or f"it said nothing for {patience:g} s"
        raise DidNotStart(f"{reason}{_log_tail(state)}")

    def end(self) -> None:
        """Return when the process is gone; it was asked to go, or its lifeline asks it now."""
        os.close(self.lifeline)
        for urge in (lambda: None, self.process.terminate, self.process.kill):
            urge()
            try:
                self.process.wait(3)
                break
            except subprocess.TimeoutExpired:
                continue
        if self.process.stdout is not None:
            self.process.stdout.close()

    def let_go(self) -> None:
        """Have the account outlive this process."""
        os.write(self.lifeline, b"k")
        os.close(self.lifeline)
        assert self.process.stdout is not None  # noqa: S101 - ``of`` made the pipe
        self.process.stdout.close()
        # It is no longer ours to wait for, and Popen shall not warn that it runs on.
        self.process.returncode = 0


def _log_tail(state: Path) -> str:
    try:
        lines = (state / "account.log").read_text(errors="replace").splitlines()[-20:]
    except OSError:
        return ""
    return "\n" + "\n".join(lines)
