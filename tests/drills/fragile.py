"""A version that passes every check of a promotion and breaks on a rare kind of request."""

from dataclasses import dataclass
from pathlib import Path

from tests.drills.duty import Duty
from tests.system.promotion import bad_images, candidates
from tests.system.promotion.candidates import Candidate, Registrar


@dataclass(slots=True, kw_only=True)
class Fragile:
    """Promoted when a drill needs it; rolled back by that drill's runbook."""

    duty: Duty
    registrar: Registrar
    room: Path
    _candidate: Candidate | None = None

    def serve(self) -> int:
        """Have it serve; return its number."""
        platform = self.duty.platform
        if self._candidate is None:
            root = bad_images.with_front(self.room, {"provokable": True})
            self._candidate = self.registrar.copy(root=root)
        if platform.champion().version != self._candidate.number:
            done = candidates.promote(platform, self._candidate, "it looks good")
            assert done.status == "SUCCEEDED", done
        return self._candidate.number
