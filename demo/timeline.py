"""The live timeline: what happened, at which time of the account, after how many real seconds."""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reports.story import Event

_STYLES = {
    "promoted": "bold green",
    "approved": "green",
    "rejected": "yellow",
    "rolled back": "bold red",
    "drift alarm": "bold magenta",
    "run started": "cyan",
    "run refused": "dim",
    "run failed": "bold red",
    "data refused": "bold red",
}

_WIDTH_OF_A_FILE = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    name: str
    seconds: float


class Timeline:
    """Prints lines as they come; on a terminal with colour and progress bars."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console.width = _WIDTH_OF_A_FILE
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self.events: list[Event] = []
        self.stages: list[Stage] = []

    @property
    def live(self) -> bool:
        return self._console.is_terminal and sys.stdout.isatty()

    def event(self, at: datetime, kind: str, text: str) -> None:
        """Something happened in the account; it is also kept for the report."""
        with self._lock:
            self.events.append(Event(at=at, kind=kind, text=text))
        self._line(f"{at:%Y-%m-%d %H:%M}", kind, text)

    def say(self, kind: str, text: str) -> None:
        """Something about the demo itself, which has no time in the account."""
        self._line("", kind, text)

    def print(self, renderable: Any) -> None:
        self._console.print(renderable)

    @contextmanager
    def stage(self, name: str) -> Generator[None]:
        """Measure what is done within, in real seconds."""
        began = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self.stages.append(Stage(name=name, seconds=time.monotonic() - began))

    @contextmanager
    def progress(self, text: str, total: int | None = None) -> Generator[Callable[[], None]]:
        """Show a bar (a spinner without ``total``) while work goes on; yield what moves it on."""
        if not self.live:
            yield lambda: None
            return
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30))
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(text, total=total)
            yield lambda: bar.advance(task)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def _line(self, at: str, kind: str, text: str) -> None:
        from rich.markup import escape
        from rich.padding import Padding
        from rich.table import Table

        style = _STYLES.get(kind, "default")
        if not self.live:
            print(f"{self.elapsed:6.1f} s  {at:16}  {kind:15}  {text}", flush=True)
            return
        line = Table.grid(padding=(0, 2))
        for width in (8, 16, 15, None):
            line.add_column(width=width)
        line.add_row(
            f"[dim]{self.elapsed:6.1f} s[/]", f"[dim]{at}[/]", f"[{style}]{kind}[/]", escape(text)
        )
        self._console.print(Padding(line, 0))
