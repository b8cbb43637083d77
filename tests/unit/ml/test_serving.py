"""The server answers with the verified model, and refuses what it cannot answer with a reason."""

import json
import signal
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_folders import CHURN
from real_server import ROOT, connected, server

from contracts import artifact
from contracts.card import load
from ml.refusal import Refusal
from ml.serving.application import Application, build
from ml.serving.predictor import load_verified
from ml.serving.request import MAX_BYTES

FEATURES = load(CHURN / "card.toml").features
NAMES = [feature.name for feature in FEATURES]
ROW = "10,40,1,20.5,2,31,31"
VALUES = [float(cell) for cell in ROW.split(",")]


async def call(
    application: Application, body: bytes, content_type: bytes
) -> tuple[int, dict[str, object]]:
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/invocations",
        "query_string": b"",
        "headers": [(b"content-type", content_type)],
    }
    await application(scope, receive, send)  # type: ignore[arg-type]
    content = b"".join(message.get("body", b"") for message in sent)  # type: ignore[misc]
    return int(sent[0]["status"]), orjson.loads(content)  # type: ignore[call-overload]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=200).map(str.encode),
        st.lists(st.one_of(st.floats(), st.sampled_from(["", "x", "1e309"])), max_size=9).map(
            lambda cells: ",".join(map(str, cells)).encode()
        ),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(st.sampled_from([*NAMES, "instances"]), inner, max_size=4)
            ),
        ).map(lambda value: json.dumps({"instances": value}).encode()),
    ),
    st.sampled_from([b"text/csv", b"application/json", b"text/plain", b"\xff"]),
)
@pytest.mark.slow
def test_hostile_bodies_get_a_reason_and_never_a_fault(
    trained: Path, body: bytes, content_type: bytes
) -> None:
    import asyncio

    application = build(load_verified(trained), "3")
    status, answer = asyncio.run(call(application, body, content_type))
    assert status in {200, 400, 413, 415}
    assert ("error" in answer) == (status != 200)


def copy_of(model: Path, target: Path) -> Path:
    target.mkdir()
    for path in model.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def sign(folder: Path) -> None:
    """Write a manifest that fits the folder, as someone who tampers would."""
    names = {path.name for path in folder.iterdir()} - {artifact.MANIFEST}
    files = {name: sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / artifact.MANIFEST).write_bytes(artifact.Manifest(files=files).render())


def test_an_artifact_with_another_manifest_than_registered_is_refused(
    trained: Path, tmp_path: Path
) -> None:
    registered = sha256((trained / artifact.MANIFEST).read_bytes()).hexdigest()
    assert load_verified(trained, registered).manifest_sha256 == registered
    forged = copy_of(trained, tmp_path / "forged")
    (forged / artifact.METRICS).write_text("{}")
    sign(forged)
    with pytest.raises(Refusal, match=rf"manifest.json has sha256 .*, registered is {registered}"):
        load_verified(forged, registered)


@pytest.mark.parametrize(
    "name", [artifact.MODEL, artifact.CARD, artifact.BASELINE, artifact.GOLDEN, artifact.METRICS]
)
def test_any_changed_file_is_refused_by_name(trained: Path, tmp_path: Path, name: str) -> None:
    changed = copy_of(trained, tmp_path / "changed")
    content = bytearray((changed / name).read_bytes())
    content[len(content) // 2] ^= 1
    (changed / name).write_bytes(content)
    with pytest.raises(Refusal, match=rf"{name} has sha256"):
        load_verified(changed)


def test_a_missing_and_an_unlisted_file_are_refused(trained: Path, tmp_path: Path) -> None:
    lacking = copy_of(trained, tmp_path / "lacking")
    (lacking / artifact.METRICS).unlink()
    with pytest.raises(Refusal, match=r"lacks metrics.json"):
        load_verified(lacking)
    added = copy_of(trained, tmp_path / "added")
    (added / "model.onnx.data").write_bytes(b"x")
    with pytest.raises(Refusal, match=r"does not list: \['model.onnx.data'\]"):
        load_verified(added)


def test_a_manifest_that_points_outside_is_refused(trained: Path, tmp_path: Path) -> None:
    outside = copy_of(trained, tmp_path / "outside")
    (tmp_path / "secret").write_bytes(b"x")
    files = {"../secret": sha256(b"x").hexdigest()}
    (outside / artifact.MANIFEST).write_bytes(artifact.Manifest(files=files).render())
    with pytest.raises(Refusal, match=r"names a path, not a file: '\.\./secret'"):
        load_verified(outside)


def test_a_model_that_lost_its_golden_answers_is_refused(trained: Path, tmp_path: Path) -> None:
    other = copy_of(trained, tmp_path / "other")
    golden = json.loads((other / artifact.GOLDEN).read_text())
    golden["scores"][0] += 0.01
    (other / artifact.GOLDEN).write_text(json.dumps(golden))
    sign(other)
    with pytest.raises(Refusal, match=r"answers differ from those of training by 0.01"):
        load_verified(other)


def test_a_real_server_answers_and_drains(trained: Path) -> None:
    digest = sha256((trained / artifact.MANIFEST).read_bytes()).hexdigest()
    settings = {artifact.MANIFEST_VARIABLE: digest, artifact.VERSION_VARIABLE: "3"}
    with server(trained.parent, **settings) as (process, port):
        with closing(connected(process, port)) as connection:
            connection.request("POST", "/invocations", ROW, {"content-type": "text/csv"})
            answer = json.loads(connection.getresponse().read())
        score = load_verified(trained).score(np.array([VALUES]))[0]
        assert answer == {
            "model_version": "3",
            "predictions": [{"score": pytest.approx(score, abs=1e-6), "label": int(score >= 0.5)}],
        }
        assert answer_in_flight(process, port) == 200
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)


def answer_in_flight(process: subprocess.Popen[str], port: int) -> int:
    """Send half a request, end the server, send the rest; return the answer's status."""
    with closing(connected(process, port)) as late:
        late.putrequest("POST", "/invocations")
        late.putheader("content-type", "text/csv")
        late.putheader("content-length", str(len(ROW)))
        late.endheaders(ROW[:5].encode())
        # Another connection's answer shows that the half request has been read.
        connected(process, port).close()
        process.send_signal(signal.SIGTERM)
        late.send(ROW[5:].encode())
        return late.getresponse().status


def test_a_body_above_the_limit_is_refused_while_it_is_read(trained: Path) -> None:
    with server(trained.parent) as (process, port), closing(connected(process, port)) as connection:
        large = b"1" * (MAX_BYTES + 1)
        connection.request("POST", "/invocations", large, {"content-type": "text/csv"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (
            413,
            {"error": f"the body must be at most {MAX_BYTES} bytes"},
        )


def test_a_server_of_an_unregistered_artifact_does_not_start(trained: Path) -> None:
    settings = {artifact.MANIFEST_VARIABLE: "0" * 64}
    with server(trained.parent, **settings) as (process, _):
        _, said = process.communicate(timeout=30)
        assert process.returncode == 1
        assert said.startswith("refused: manifest.json has sha256 ")


@pytest.mark.parametrize("module", ["ml.serving.__main__", "ml.evaluation.__main__"])
def test_no_entry_point_imports_what_it_does_not_need(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"sklearn", "skl2onnx", "onnx", "pandera"}
    if module == "ml.serving.__main__":
        heavy |= {"pandas"}
    assert not heavy & set(done.stdout.split())
