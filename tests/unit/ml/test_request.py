"""A request is read in each form that callers write, and refused by row, field and value."""

import json
from collections.abc import Callable

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from job_folders import CHURN

from contracts.card import Feature, FeatureType, load
from ml.serving.formats import csv_rows
from ml.serving.limits import MAX_BYTES, MAX_CELL_CHARACTERS, MAX_ROWS, BadRequest, most_rows
from ml.serving.request import RequestReader, read_rows
from ml.serving.schema import LARGEST, Schema

FEATURES = load(CHURN / "card.toml").features
NAMES = [feature.name for feature in FEATURES]
ROW = "10,40,1,20.5,2,31,31"
VALUES = [float(cell) for cell in ROW.split(",")]
OTHER = [11.0, 41.0, 2.0, 21.5, 3.0, 32.0, 33.0]
HEADER = ",".join(NAMES)
SHAPES = '{"instances": [...]} with a list of rows, a record'


def read(body: str | bytes, content_type: str = "text/csv") -> list[list[float]]:
    content = body if isinstance(body, bytes) else body.encode()
    return read_rows(content, content_type, FEATURES).tolist()


def reason(body: str | bytes, content_type: str = "text/csv") -> tuple[int, str]:
    with pytest.raises(BadRequest) as caught:
        read(body, content_type)
    return caught.value.status, str(caught.value)


def feature(name: str, **bounds: float) -> Feature:
    return Feature(
        name=name,
        type=FeatureType.NUMBER,
        minimum=bounds.get("minimum"),
        maximum=bounds.get("maximum"),
    )


@pytest.mark.parametrize(
    "body",
    [
        f"{ROW}\n{ROW}",
        f"{ROW}\r\n{ROW}\r\n",
        f"{ROW}\r{ROW}\r",
        f"{HEADER}\n{ROW}\n{ROW}",
        f"{HEADER}\r\n{ROW}\r\n{ROW}\r\n",
        f"\ufeff{HEADER}\n{ROW}\n{ROW}\n",
        f"\ufeff{ROW}\n{ROW}",
        f"{HEADER.replace(',', ', ')}\n{ROW}\n{ROW}",
        '"{}"\n{}\n{}'.format(HEADER.replace(",", '","'), ROW, ROW.replace("20.5", '"20.5"')),
        f" {ROW.replace(',', ' , ')}\n{ROW}",
        f"{ROW.replace('10,', '+1.e1,')}\n{ROW.replace('20.5', '020.50')}",
    ],
)
def test_csv_is_read_however_it_was_written(body: str) -> None:
    assert read(body) == [VALUES, VALUES]


def test_a_csv_header_may_have_its_own_order() -> None:
    cells = ROW.split(",")
    assert read(",".join(reversed(NAMES)) + "\n" + ",".join(reversed(cells))) == [VALUES]


def test_a_line_of_numbers_is_no_header_though_features_are_named_by_numbers() -> None:
    features = [feature("1"), feature("2")]
    assert read_rows(b"1,2\n3,4", "text/csv", features).tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (f"{HEADER},x", "header, field 'x': is unknown"),
        (HEADER.replace("spend_90d", "spend"), "header, field 'spend_90d': is missing"),
        (f"{HEADER},spend", "header, field 'spend': is named twice"),
    ],
)
def test_a_header_must_name_each_feature_once(header: str, problem: str) -> None:
    assert reason(f"{header}\n{ROW}") == (400, problem)


COLUMNS = {name: [a, b] for name, a, b in zip(NAMES, VALUES, OTHER, strict=True)}
RECORDS = [dict(zip(NAMES, row, strict=True)) for row in (VALUES, OTHER)]
SPLIT = {"columns": NAMES, "data": [VALUES, OTHER]}


@pytest.mark.parametrize(
    "document",
    [
        [VALUES, OTHER],
        RECORDS,
        [VALUES, RECORDS[1]],
        [dict(reversed(RECORDS[0].items())), RECORDS[1]],
        {"instances": [VALUES, OTHER]},
        {"instances": RECORDS},
        {"inputs": [VALUES, OTHER]},
        {"inputs": COLUMNS},
        {"dataframe_records": RECORDS},
        {"dataframe_split": SPLIT},
        {"dataframe_split": {**SPLIT, "index": [0, 1]}},
        SPLIT,
        {**SPLIT, "index": ["a", 'b"']},
        {"columns": NAMES[::-1], "data": [VALUES[::-1], OTHER[::-1]]},
        COLUMNS,
        {name: {"0": a, "1": b} for name, (a, b) in COLUMNS.items()},
    ],
)
def test_json_is_read_in_the_shapes_of_its_writers(document: object) -> None:
    assert read(json.dumps(document), "application/json") == [VALUES, OTHER]


def test_one_json_record_and_one_list_of_values_are_one_row() -> None:
    assert read(json.dumps(RECORDS[0]), "application/json") == [VALUES]
    assert read(b"\xef\xbb\xbf" + json.dumps(VALUES).encode(), "application/json") == [VALUES]


def test_a_feature_may_have_the_name_of_an_envelope() -> None:
    features = [feature("instances"), feature("data")]
    body = b'{"instances": 1, "data": 2}'
    assert read_rows(body, "application/json", features).tolist() == [[1, 2]]


def test_json_lines_are_a_record_or_a_row_each() -> None:
    lines = f"{json.dumps(VALUES)}\r\n{json.dumps(RECORDS[1])}\n"
    assert read(lines, "application/jsonlines") == [VALUES, OTHER]


@pytest.mark.parametrize(
    "content_type",
    ["text/csv; charset=utf-8", "Text/CSV;charset=UTF-8", 'text/csv; charset="utf8"'],
)
def test_the_content_type_may_carry_parameters(content_type: str) -> None:
    assert read(ROW, content_type) == [VALUES]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("abc", "must be a finite number, got 'abc'"),
        ("", "must be a finite number, got ''"),
        ("nan", "must be a finite number, got 'nan'"),
        ("-inf", "must be a finite number, got '-inf'"),
        ("1e999", "must be a finite number, got '1e999'"),
        ("1_0", "must be a finite number, got '1_0'"),
        ("\uff11", "must be a finite number, got '\uff11'"),
        ("0x1", "must be a finite number, got '0x1'"),
        ("1; DROP TABLE", "must be a finite number, got '1; DROP TABLE'"),
        ('"1\n"""', "must be a finite number, got '1\\n\"'"),
        ("x" * 90, f"must be a finite number, got {'x' * 80!r}"),
        ("-1", "must be between 0 and 10000, got -1"),
        ("10001", "must be between 0 and 10000, got 10001"),
    ],
)
def test_a_bad_field_is_refused_by_row_and_name(field: str, problem: str) -> None:
    bad = ROW.replace(",1,", f",{field},", 1)
    for head in ("", f"{HEADER}\n"):
        assert reason(f"{head}{ROW}\n{bad}") == (400, f"row 2, field 'purchases_30d': {problem}")


def test_what_float32_cannot_hold_is_out_of_bounds() -> None:
    unbounded = RequestReader([feature("x")])
    assert unbounded.read(b"3.4e38", "text/csv").tolist() == [[3.4e38]]
    with pytest.raises(BadRequest, match=r"row 1, field 'x': must be between -3.40282e\+38 and"):
        unbounded.read(b"3.5e38", "text/csv")
    assert np.isfinite(np.float32(LARGEST))


def test_a_whole_number_is_asked_for_where_the_card_says_so() -> None:
    whole = Feature(name="user", type=FeatureType.INTEGER, minimum=0, maximum=9)
    for body in (b"1.5", b"1\n1.5\n2", b"user\n1.5"):
        with pytest.raises(BadRequest, match=r"field 'user': must be a whole number, got 1.5"):
            read_rows(body, "text/csv", [whole])
    assert read_rows(b"1.0\n2", "text/csv", [whole]).tolist() == [[1], [2]]


JSON = "application/json"
LINES = "application/jsonlines"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "text"),
    [
        ("", "text/csv", 400, f"a request must hold 1 to {MAX_ROWS} rows, got 0"),
        (HEADER, "text/csv", 400, f"a request must hold 1 to {MAX_ROWS} rows, got 0"),
        ("1,2", "text/csv", 400, "row 1 has 2 fields, the model 7"),
        (f"{ROW}\n\n{ROW}", "text/csv", 400, "row 2 has 1 fields, the model 7"),
        (
            f"{HEADER}\n{HEADER}\n{ROW}",
            "text/csv",
            400,
            "row 1, field 'recency_days': must be a fin",
        ),
        (b"\xff\xfe", "text/csv", 400, "the body is not UTF-8 at byte 0"),
        ('"1', "text/csv", 400, "row 1: the body is not CSV: unexpected end of data"),
        ('"1"2,3', "text/csv", 400, "row 1: the body is not CSV: ',' expected after '\"'"),
        ("1\n" * (MAX_ROWS + 1), "text/csv", 413, f"1 to {MAX_ROWS} rows, got {MAX_ROWS + 1}"),
        ("\n" * 5_000_000, "text/csv", 413, f"1 to {MAX_ROWS} rows, got more"),
        ("," * 5_000_000, "text/csv", 413, f"at most {MAX_ROWS} rows of 7 fields, got more"),
        (
            ROW.replace("20.5", "2" + "0" * 800),
            "text/csv",
            400,
            "row 1, field 'spend_30d': a row must have at most 700 characters, this field has 801",
        ),
        (ROW, "image/png", 415, "must be one of text/csv, application/json"),
        (ROW, "image/png", 415, "got 'image/png'"),
        (ROW, "", 415, "got ''"),
        (ROW, "text/csv; charset=utf-16", 415, "charset must be utf-8, got 'utf-16'"),
        ("{", JSON, 400, "the body is not JSON"),
        ("[" * 3000, JSON, 400, "the body is not JSON"),
        ("[" * 100_000, JSON, 413, f"1 to {MAX_ROWS} rows, got more"),
        ("[" + "0," * 100_000, JSON, 413, f"at most {MAX_ROWS} rows of 7 fields, got more"),
        ("[" * 900 + "]" * 900, JSON, 400, "row 1 has 1 fields, the model 7"),
        ('{"spend":' * 900 + "1" + "}" * 900, JSON, 400, "columns, field 'purchases_30d': is miss"),
        ("3", JSON, 400, SHAPES),
        ("null", JSON, 400, SHAPES),
        ("[]", JSON, 400, "rows, got 0"),
        ("{}", JSON, 400, SHAPES),
        ("[1]", JSON, 400, "row 1 has 1 fields, the model 7"),
        ('{"instances": 3}', JSON, 400, SHAPES),
        ('{"instances": [3]}', JSON, 400, "row 1 must be a list or an object"),
        ('{"instances": [[1]], "x": 1}', JSON, 400, "field 'x' is unknown beside 'instances'"),
        ('{"rows": 1}', JSON, 400, "got the fields 'rows'"),
        ('{"instances": [{"spend": 1}]}', JSON, 400, "row 1, field 'purchases_30d': is missing"),
        (json.dumps([{**RECORDS[0], "x": 1}]), JSON, 400, "row 1, field 'x': is unknown"),
        (
            json.dumps({"instances": [[*VALUES[:-1], True]]}),
            JSON,
            400,
            "row 1, field 'spend': must be a finite number, got 'True'",
        ),
        (
            json.dumps([VALUES, [*VALUES[:-1], None]]),
            JSON,
            400,
            "row 2, field 'spend': must be a finite number, got 'None'",
        ),
        (
            json.dumps([{**RECORDS[0], "spend": "31"}]),
            JSON,
            400,
            "row 1, field 'spend': must be a finite number, got '31'",
        ),
        (
            json.dumps(RECORDS[0])[:-1] + ', "spend": 32}',
            JSON,
            400,
            "field 'spend' is named twice",
        ),
        (
            f'{{"instances": [[1]], "instances": [{json.dumps(VALUES)}]}}',
            JSON,
            400,
            "a field of the",
        ),
        (json.dumps({**COLUMNS, "spend": [1]}), JSON, 400, "field 'spend' has 1 values, 'recency"),
        (json.dumps({**COLUMNS, "spend": 1}), JSON, 400, "field 'spend' must be a list of values"),
        (
            json.dumps({**{n: {"0": 1} for n in NAMES}, "spend": {"1": 1}}),
            JSON,
            400,
            "field 'spend' has other rows than 'recency_days'",
        ),
        (json.dumps({**SPLIT, "columns": [1]}), JSON, 400, "columns must be a list of names"),
        (json.dumps({**SPLIT, "columns": NAMES[1:]}), JSON, 400, "columns, field 'recency_days'"),
        (json.dumps({**SPLIT, "data": 1}), JSON, 400, "data must be a list of rows, got '1'"),
        (json.dumps({**SPLIT, "data": [1]}), JSON, 400, "row 1 must be a list, got '1'"),
        (json.dumps({**SPLIT, "data": [[1]]}), JSON, 400, "row 1 has 1 fields, the model 7"),
        (json.dumps({**SPLIT, "x": 1}), JSON, 400, "got the fields 'columns, data, x'"),
        ("", LINES, 400, "rows, got 0"),
        (f"{json.dumps(VALUES)}\n[", LINES, 400, "row 2 is not JSON"),
        (f"{json.dumps(VALUES)},{json.dumps(VALUES)}", LINES, 400, "row 1 is not JSON"),
        ("1\n", LINES, 400, "row 1 must be a list or an object, got '1'"),
        ("\n" * 20_000, LINES, 413, f"1 to {MAX_ROWS} rows, got more"),
    ],
)
def test_a_bad_request_is_refused_with_its_status_and_reason(
    body: str | bytes, content_type: str, status: int, text: str
) -> None:
    got, said = reason(body, content_type)
    assert got == status
    assert text in said
    assert len(said) < 400


# fmt: off
ODD = [
    "", "x", "1e309", "-0", "+1", "01", ".5", "5.", "1e5", "E1", "1e+2", " 1", "1 ", "1_0",
    "--1", "+-1", "1.2.3", "0x1", "\t1", "1" * 120, "nan", '"1"', "a", "b", "\x00", "\x0b1",
]
# fmt: on
CELLS = st.one_of(
    st.floats(-2e4, 2e4).map(repr),
    st.integers(-5, 20_000).map(str),
    st.floats().map(repr),
    st.sampled_from(ODD),
    st.text(alphabet="0123456789.eE+- \r\n", max_size=6),
)
SMALL = [feature("a", minimum=-10, maximum=10_000), feature("b")]
WHOLE = [*SMALL, Feature(name="c", type=FeatureType.INTEGER, minimum=0, maximum=100)]


def outcome(reader: Callable[[], object]) -> object:
    try:
        return np.asarray(reader()).tolist()
    except BadRequest as error:
        return error.status, str(error)


@settings(max_examples=1500, deadline=None)
@given(
    st.sampled_from([SMALL[:1], SMALL, WHOLE]),
    st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=4),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(["", "a,b\n", "a\n", "b,a\r\n", "a,b,c\n"]),
)
def test_the_quick_way_reads_and_refuses_exactly_as_the_thorough_one(
    features: list[Feature], rows: list[str], end: str, head: str
) -> None:
    schema = Schema.of(features)
    body = (head + end.join(rows)).encode()
    assert outcome(lambda: csv_rows.read_csv(body, schema)) == outcome(
        lambda: csv_rows.read_any(body, schema)
    )


def test_an_empty_body_for_a_model_of_one_feature_is_no_row() -> None:
    """Found by the comparison above: it was neither a row nor refused."""
    for body in (b"", b"\n"):
        with pytest.raises(BadRequest):
            read_rows(body, "text/csv", SMALL[:1])


def test_plain_numbers_take_the_quick_way() -> None:
    schema = Schema.of(FEATURES)
    assert csv_rows.read_plain(f"{ROW}\r\n{ROW}\n".encode(), schema) is not None
    long = ROW.replace("20.5", "20." + "5" * MAX_CELL_CHARACTERS * len(NAMES))
    for other in (f" {ROW}", f"{HEADER}\n{ROW}", ROW.replace("20.5", '"20.5"'), long, "1,2", ""):
        assert csv_rows.read_plain(other.encode(), schema) is None


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(0, 3000), min_size=len(NAMES), max_size=len(NAMES)),
        min_size=1,
        max_size=5,
    )
)
def test_every_form_says_the_same_number(rows: list[list[float]]) -> None:
    csv_body = "\n".join(",".join(map(repr, row)) for row in rows)
    lines = b"\n".join(map(orjson.dumps, rows))
    assert read(csv_body) == rows
    assert read(orjson.dumps(rows), JSON) == rows
    assert read(lines, LINES) == rows


def test_a_transform_job_may_send_more_rows_than_a_caller() -> None:
    assert most_rows({}) == most_rows({"SAGEMAKER_BATCH": "false"}) == MAX_ROWS == 10_000
    assert most_rows({"SAGEMAKER_BATCH": "true"}) == MAX_BYTES // len("1\n")
