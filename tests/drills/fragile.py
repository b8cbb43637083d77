"""A version that passes every check of a promotion and breaks on a rare kind of request."""

from dataclasses import dataclass
from pathlib import Path

from tests.drills.duty import Duty
from tests.system.promotion import bad_images, candidates
from tests.system.promotion.candidates import Candidate, Registrar

_TRIES = 3
"""On a busy machine it may be slow, and sent away; a rejected version never comes back."""


@dataclass(slots=True, kw_only=True)
class Fragile:
    """Promoted when a drill needs it; rolled back by that drill's runbook."""

    duty: Duty
    registrar: Registrar
    room: Path
    _candidate: Candidate | None = None
    _root: Path | None = None

    def serve(self) -> None:
        """Have it serve, unless it does already: by a promotion, so that a rollback goes back."""
        serving = self.duty.platform.champion().version
        if self._candidate is not None and self._candidate.number == serving:
            return
        for _ in range(_TRIES):
            self._candidate = self._candidate or self._registered()
            done = candidates.promote(self.duty.platform, self._candidate, "it looks good")
            if done.status == "SUCCEEDED":
                return
            self._candidate = None
            assert done.error == "CandidateRolledBack", done
        raise AssertionError(f"sent away {_TRIES} times; is this machine busy?")

    def _registered(self) -> Candidate:
        if self._root is None:
            self._root = bad_images.with_front(self.room, {"provokable": True})
        return self.registrar.copy(root=self._root)
