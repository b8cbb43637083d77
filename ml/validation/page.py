"""The validation report as one HTML file that a person reads: verdict, files, rows, rules."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from contracts.card import Dataset, ModelCard
from contracts.validation import FileReport, ValidationReport, Verdict, Violation

_STYLE = Path(__file__).parent / "page.css"
_SAID = {
    Verdict.ACCEPTED: "Accepted: every file and every row may be used.",
    Verdict.IN_PART: "Accepted in part: what broke a rule is quarantined, the rest may be used.",
    Verdict.REJECTED: "Rejected: the run ends here.",
}
_NUMBERS = ("Files", "Refused", "Rows", "Rows used", "Set aside")
_RIGHT = ' class="number"'
_LISTED = 500
"""Files; what is refused or used in part comes first."""


def render(report: ValidationReport, card: ModelCard) -> str:
    """Return the whole document; the same report gives the same bytes."""
    title = f"Data of {card.name}, as of {report.as_of[:10]}"
    files = sorted(report.files, key=lambda file: (not file.refused, not file.set_aside))
    more = len(files) - _LISTED
    rest = f'<p class="soft">{more:,} more stand in report.json.</p>' if more > 0 else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body><header><h1>{escape(title)}</h1>"
        f'<p class="verdict {report.verdict}">{_SAID[report.verdict]}</p>'
        f'<p class="soft">Run {escape(report.run_id)} · snapshot {report.snapshot_digest}</p>'
        "</header><main><h2>Datasets</h2>"
        + _table(("Dataset", "Files", "Refused", "Rows used", "Broken rules"), _datasets(report))
        + "<h2>Files</h2>"
        + _table(
            ("File", "Verdict", "Rows", "Set aside", "Broken rules"), map(_file, files[:_LISTED])
        )
        + rest
        + "<h2>Rules of the card</h2>"
        + _table(("Dataset", "Rules"), (_rules(dataset) for dataset in card.datasets))
        + "</main></body></html>\n"
    )


def _datasets(report: ValidationReport) -> Iterable[tuple[str, ...]]:
    for dataset in report.datasets:
        files = [file for file in report.files if file.dataset == dataset.dataset]
        yield (
            escape(dataset.dataset),
            _number(len(files)),
            _number(sum(file.refused for file in files)),
            _number(dataset.rows),
            _messages(dataset.violations),
        )


def _file(file: FileReport) -> tuple[str, ...]:
    name = f"{file.dataset}/{file.key.rpartition('/')[2]}"
    verdict, said = Verdict.ACCEPTED, "accepted"
    if file.refused:
        verdict, said = Verdict.REJECTED, "refused"
    elif file.set_aside:
        verdict, said = Verdict.IN_PART, "in part"
    return (
        f'<span class="name" title="sha256 {file.sha256}">{escape(name)}</span>',
        f'<span class="state {verdict}">{said}</span>',
        _number(file.rows),
        _number(len(file.set_aside)),
        _messages(file.violations),
    )


def _rules(dataset: Dataset) -> tuple[str, str]:
    rules = [f"at least {dataset.min_rows:,} rows per file"]
    if dataset.max_rows is not None:
        rules.append(f"at most {dataset.max_rows:,} rows per file")
    if dataset.unique:
        rules.append(f"each {' with '.join(dataset.unique)} occurs once in a file")
    if dataset.max_age_days is not None:
        rules.append(f"the newest {dataset.time} is at most {dataset.max_age_days} days old")
    for column in dataset.columns:
        bounds = [
            *([] if column.minimum is None else [f"from {column.minimum:g}"]),
            *([] if column.maximum is None else [f"to {column.maximum:g}"]),
            *([f"one of {', '.join(column.allowed)}"] if column.allowed else []),
            *(["may be missing"] if column.nullable else []),
        ]
        rules.append(f"{column.name}: {' '.join([column.type.value, *bounds])}")
    return escape(dataset.name), _list(rules)


def _messages(violations: Sequence[Violation]) -> str:
    return _list([violation.message for violation in violations])


def _list(sentences: Sequence[str]) -> str:
    """Texts come from data files: whatever stands in them is shown, never run."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def _number(value: int) -> str:
    return f'<div class="number">{value:,}</div>'


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(
        f'<th scope="col"{_RIGHT if heading in _NUMBERS else ""}>{heading}</th>'
        for heading in headings
    )
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
