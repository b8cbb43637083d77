"""Why a command did not do what was asked, and what to do next."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees; 2 is left to wrong usage."""

    DONE = 0
    REFUSED = 1
    UNREACHABLE = 3
    NOT_DEPLOYED = 4


class Refused(Exception):
    """Carries one plain sentence, the next step, and the exit code."""

    def __init__(self, message: str, *, next_step: str, code: ExitCode = ExitCode.REFUSED) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code
