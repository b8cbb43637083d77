"""Load a server with wrk: requests in a second, and how long the slowest hundredth took."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HOME = Path(".perennial") / "wrk"
_PACKAGES = ("wrk", "libluajit-5.1-2", "libluajit-5.1-common")
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int
    """Answers that were no success, and connections that broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrk:
    command: Sequence[str]
    environment: dict[str, str]

    def load(
        self, url: str, body: bytes, content_type: str, *, connections: int, seconds: int
    ) -> Load:
        with tempfile.TemporaryDirectory() as folder:
            asked, script = Path(folder) / "body", Path(folder) / "post.lua"
            asked.write_bytes(body)
            script.write_text(
                f'wrk.method = "POST"\nwrk.headers["content-type"] = "{content_type}"\n'
                f'local file = io.open("{asked}", "rb")\n'
                'wrk.body = file:read("*a")\nfile:close()\n'
            )
            arguments = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
            done = subprocess.run(
                [*self.command, *arguments, "--latency", "-s", str(script), url],
                env={**os.environ, **self.environment},
                capture_output=True,
                text=True,
                check=True,
            )
        return _read(done.stdout)


def find() -> Wrk:
    """Return wrk of the PATH, or of Debian's package unpacked below .perennial; needs no root."""
    found = shutil.which("wrk")
    if found is not None:
        return Wrk(command=[found], environment={})
    program = _HOME / "usr" / "bin" / "wrk"
    if not program.exists():
        _unpack()
    libraries = ":".join(str(each.resolve()) for each in _HOME.glob("usr/lib/*"))
    return Wrk(command=[str(program)], environment={"LD_LIBRARY_PATH": libraries})


def _unpack() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        raise SystemExit("the benchmark needs wrk (https://github.com/wg/wrk) on the PATH")
    _HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", "-q", *_PACKAGES], cwd=_HOME, check=True)
    for package in sorted(_HOME.glob("*.deb")):
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=_HOME, check=True)


def _read(text: str) -> Load:
    """Return the figures of wrk's report.

    >>> load = _read('''  50%  812.00us\\n  99%    2.91ms\\nRequests/sec:  16478.11''')
    >>> (load.per_second, load.p50_ms, load.p99_ms, load.failed)
    (16478.11, 0.812, 2.91, 0)
    """
    quantiles = {
        name: float(value) * _UNITS[unit]
        for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)\b", text)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        raise RuntimeError(f"wrk said something unknown: {text}")
    kinds = r"connect (\d+), read (\d+), write (\d+), timeout (\d+)"
    broken = re.search(f"Socket errors: {kinds}", text)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = [*(broken.groups() if broken else ()), *(refused.groups() if refused else ())]
    return Load(
        per_second=float(rate[1]),
        p50_ms=quantiles["50"],
        p99_ms=quantiles["99"],
        failed=sum(map(int, failed)),
    )
