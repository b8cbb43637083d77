"""Let Atheris look for bytes that the server's parsers answer with anything but rows or a refusal.

    tools/setup fuzz
    .perennial/env/fuzz/bin/python -m benchmarks.fuzz_parsers [runs]

It changes bytes by what they make the code do: where a branch is new, it goes on from there. What
it looks for: an exception other than a refusal, a refusal that is no 4xx or longer than a page, a
quick way of reading that says otherwise than the thorough one, a value outside the card's bounds.
"""

import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import atheris

with atheris.instrument_imports(include=["ml.serving", "csv"]):
    from contracts.card import Feature, FeatureType
    from ml.serving.accept import choose
    from ml.serving.formats import csv_rows
    from ml.serving.formats.arrow_messages import check_messages
    from ml.serving.formats.json_rows import read_json, read_jsonlines
    from ml.serving.formats.npy import read_npy
    from ml.serving.limits import BadRequest
    from ml.serving.schema import Schema

RUNS = 1_000_000
SEEDS = (
    *(b"1,2\n3,4\n", b"a,b\r\n1,2", b'"a","b"\n"1",2', b"\xef\xbb\xbfb,a\n1,2", b" 1 ,+2.e1"),
    *(b"[1,2]", b'{"a":1,"b":2}', b'{"instances":[{"a":1,"b":2}]}', b'{"a":[1],"b":{"0":2}}'),
    *(b'{"columns":["b","a"],"index":["x"],"data":[[1,2]]}', b'{"inputs":{"a":[1],"b":[2]}}'),
    *(b'{"dataframe_split":{"columns":["a","b"],"data":[[1,2]]}}', b"[1,2]\n[3,4]\n"),
    *(
        b"text/csv;q=0.5, */*;q=0.1",
        b"\xff\xff\xff\xff\x08\x00\x00\x00\x04\x00\x00\x00" + b"\0" * 12,
    ),
    *(
        b"\x93NUMPY\x01\x00\x38\x00{'descr':'<f8','fortran_order':%b,'shape':(1,2)}    \n" % order
        + b"\0" * 16
        for order in (b"False", b"True ")
    ),
)
SCHEMA = Schema.of(
    [
        Feature(name="a", type=FeatureType.NUMBER, minimum=-10, maximum=10_000),
        Feature(name="b", type=FeatureType.INTEGER, minimum=0, maximum=100),
    ]
)


def one(data: bytes) -> None:
    """Read ``data`` in the form that its first byte chooses."""
    kind, body = (data[0] % 6, data[1:]) if data else (0, b"")
    if kind == 0:
        quick = _outcome(csv_rows.read_csv, body)
        thorough = _outcome(csv_rows.read_any, body)
        if quick != thorough:
            raise AssertionError(f"quick: {quick}, thorough: {thorough}")
    elif kind == 1:
        _outcome(read_json, body)
    elif kind == 2:
        _outcome(read_jsonlines, body)
    elif kind == 3:
        _outcome(lambda text, _: choose(text.decode("latin-1"), ("a/b", "text/csv")), body)
    elif kind == 4:
        _outcome(lambda stream, _: check_messages(stream), body)
    else:
        _outcome(read_npy, body)


def _outcome(read: Callable[[bytes, Schema], Any], body: bytes) -> object:
    try:
        rows = read(body, SCHEMA)
    except BadRequest as refused:
        said = str(refused)
        if not 400 <= refused.status < 500 or len(said) > 1000 or not said:
            raise AssertionError(f"{refused.status}: {said[:2000]}") from refused
        return refused.status, said
    if not hasattr(rows, "tolist"):
        return rows
    values = rows.tolist()
    if not all(-10 <= a <= 10_000 and 0 <= b <= 100 and b == int(b) for a, b in values):
        raise AssertionError(f"out of bounds: {values[:3]}")
    return values


def main(runs: int) -> None:
    began, done = time.perf_counter(), 0

    def counted(data: bytes) -> None:
        nonlocal done
        one(data)
        done += 1
        if done == runs:
            took = time.perf_counter() - began
            print(f"{done} inputs in {took:.0f} s: rows or a refusal each time", flush=True)

    with TemporaryDirectory() as corpus:
        for number, (kind, seed) in enumerate(product(range(6), SEEDS)):
            (Path(corpus) / str(number)).write_bytes(bytes([kind]) + seed)
        options = [
            f"-runs={runs}",
            "-max_len=4096",
            "-seed=20261124",
            "-verbosity=0",
            "-timeout=10",
        ]
        atheris.Setup([sys.argv[0], *options, corpus], counted)
        atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
