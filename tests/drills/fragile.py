"""A version that passes every check of a promotion and breaks on a rare kind of request."""

from dataclasses import dataclass
from pathlib import Path

from tests.drills.duty import Duty
from tests.system.promotion import bad_images, candidates
from tests.system.promotion.candidates import Candidate, Promotion, Registrar


@dataclass(slots=True, kw_only=True)
class Fragile:
    """Promoted when a drill needs it; rolled back by that drill's runbook."""

    duty: Duty
    registrar: Registrar
    room: Path
    _candidate: Candidate | None = None
    _root: Path | None = None

    def serve(self) -> None:
        """Have it serve, unless it does already."""
        serving = self.duty.platform.champion().version
        if self._candidate is not None and self._candidate.number == serving:
            return
        if self._candidate is None:
            self._candidate = self._registered()
        done = self._promoted(self._candidate)
        if done.error == "CandidateRolledBack":
            # On a busy machine it may have been slow once; a rejected version never comes back.
            self._candidate = self._registered()
            done = self._promoted(self._candidate)
        assert done.status == "SUCCEEDED", done

    def _registered(self) -> Candidate:
        if self._root is None:
            self._root = bad_images.with_front(self.room, {"provokable": True})
        return self.registrar.copy(root=self._root)

    def _promoted(self, candidate: Candidate) -> Promotion:
        return candidates.promote(self.duty.platform, candidate, "it looks good")
