"""Every way in which a candidate is bad, and what must be said of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.system.promotion import bad_artifacts, bad_images, front
from tests.system.promotion.candidates import Candidate, Registrar

Make = Callable[[Registrar, Path], Candidate]
"""Takes the registrar and a folder of its own."""

_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    id: str
    make: Make
    says: tuple[str, ...]
    """Expressions, each of which must be found in the cause."""
    sees_traffic: bool = False
    """Whether callers must have met it: it does nothing wrong before."""
    behaves_for: int = 0
    """Requests that it answers well first: it may have all the traffic before it fails one."""
    says_of_failures: str = front.MARK
    """What callers were told of each request that it failed."""
    hangs: bool = False
    """Whether its start must be waited for as long as the platform allows."""
    quick: bool = False
    """Whether every test run has it; the others are exhaustive."""


def _served(behaviour: Mapping[str, Any], registrar: Registrar, room: Path) -> Candidate:
    return registrar.copy(root=bad_images.with_front(room, behaviour))


def _at_import(registrar: Registrar, room: Path) -> Candidate:
    return registrar.copy(root=bad_images.failing_at_import(room))


def image(id: str, says: str, *, hangs: bool = False, quick: bool = False, **behaviour: Any) -> Bad:
    """A server that misbehaves wherever it is asked."""
    make = partial(_served, behaviour)
    return Bad(id=id, make=make, says=(says,), hangs=hangs, quick=quick)


def live(
    id: str,
    says: str,
    *,
    hangs: bool = False,
    quick: bool = False,
    sees_traffic: bool = True,
    **behaviour: Any,
) -> Bad:
    """A server that behaves in batch transform, and so in the smoke test."""
    return Bad(
        id=f"live: {id}",
        make=partial(_served, {"spares_batch": True, **behaviour}),
        says=(says,),
        sees_traffic=sees_traffic,
        behaves_for=behaviour.get("after", 0),
        hangs=hangs,
        quick=quick,
    )


def archive(
    id: str, change: bad_artifacts.Change, says: str, *, later: bool = False, quick: bool = False
) -> Bad:
    """An archive that is not what it should be, registered so, or changed later."""

    def make(registrar: Registrar, _: Path) -> Candidate:
        if later:
            return registrar.copy(after_registration=change)
        return registrar.copy(change=change)

    return Bad(
        id=f"{id} {'after registration' if later else 'registered so'}",
        make=make,
        says=(says,),
        quick=quick,
    )


def _with_pickle(later: bool, registrar: Registrar, room: Path) -> Candidate:
    plant = bad_artifacts.with_pickle(room / "loaded")
    return registrar.copy(after_registration=plant) if later else registrar.copy(change=plant)


def _facts(registrar: Registrar, _: Path, **facts: str) -> Candidate:
    return registrar.copy(facts=facts)


def _no_image(registrar: Registrar, _: Path) -> Candidate:
    return registrar.copy(image_digest=f"sha256:{_NOBODY}")


_UNLISTED = "files that its manifest does not list"
_SHA = "artifact's sha256"

ALL = (
    # What never answers.
    Bad(id="crash at import", make=_at_import, says=("a_library_that_the_image_lacks",)),
    image("crash loop", front.MARK, exits_at_start=True, quick=True),
    image("ping 500", "See job logs", hangs=True, ping=500),
    image("slow start", "See job logs", hangs=True, starts_after=1 << 30),
    live("crash loop", "health check", sees_traffic=False, exits_at_start=True),
    live("ping 500", "health check", hangs=True, sees_traffic=False, ping=500),
    live("slow start", "health check", hangs=True, sees_traffic=False, starts_after=1 << 30),
    replace(
        live("crash when asked", "5xx", exits_when_asked=True, after=100),
        says_of_failures="The container closed the connection",
    ),
    # What answers with errors.
    image("5xx on all requests", front.MARK, fails_every=1),
    image("5xx on a tenth of requests", "5xx", fails_every=10),
    image("5xx on a hundredth of requests", "5xx", fails_every=100),
    live("5xx on all requests", "5xx", fails_every=1),
    live("5xx on a tenth of requests", "5xx", fails_every=10),
    live("5xx on a hundredth of requests", "5xx", fails_every=100),
    live("5xx on a hundredth after the 500th request", "5xx", fails_every=100, after=500),
    # What answers late.
    image("ten times the latency", "latency", slower=10),
    live("ten times the latency", "latency", slower=10, quick=True),
    # What answers wrongly.
    Bad(
        id="wrong schema",
        make=lambda registrar, _: registrar.copy(change=bad_artifacts.asking_other_features),
        says=("visits|fields",),
        quick=True,
    ),
    image("constant answers", "golden row", constant=0.5),
    live(
        "constant answers to callers",
        "prediction-shift",
        quick=True,
        constant=0.5,
        spares_single_rows=True,
    ),
    image("wrong answers", "golden row", shift=0.001),
    live("wrong answers", "wrong-answers", shift=0.001),
    Bad(
        id="wrong answers on golden examples",
        make=lambda registrar, _: registrar.copy(change=bad_artifacts.with_other_golden_answers),
        says=("answers differ from those of training",),
    ),
    # What is not what was registered.
    archive("bit flip", bad_artifacts.bit_flipped, "model.onnx has sha256"),
    archive("bit flip", bad_artifacts.bit_flipped, _SHA, later=True, quick=True),
    archive("truncation", bad_artifacts.truncated, "archive"),
    archive("truncation", bad_artifacts.truncated, _SHA, later=True),
    archive("swapped file", bad_artifacts.with_swapped_files, "has sha256"),
    archive("swapped file", bad_artifacts.with_swapped_files, _SHA, later=True),
    archive("zip bomb", bad_artifacts.with_bomb, "bytes"),
    archive("zip bomb", bad_artifacts.with_bomb, _SHA, later=True),
    Bad(
        id="planted pickle registered so",
        make=partial(_with_pickle, False),
        says=("model.pkl",),
    ),
    Bad(id="planted pickle after registration", make=partial(_with_pickle, True), says=(_SHA,)),
    Bad(id="missing image", make=_no_image, says=(f"sha256:{_NOBODY}", "does not exist")),
    Bad(
        id="wrong image digest",
        make=partial(_facts, image_digest=f"sha256:{_NOBODY}"),
        says=("the image is", _NOBODY),
    ),
    Bad(
        id="wrong artifact digest",
        make=partial(_facts, artifact_sha256=_NOBODY),
        says=(_SHA, _NOBODY),
    ),
    Bad(
        id="wrong manifest digest",
        make=partial(_facts, manifest_sha256=_NOBODY),
        says=("manifest", _NOBODY),
    ),
)
