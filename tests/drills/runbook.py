"""A runbook as somebody on duty follows it: a command of its own, its placeholders filled in."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.client import PROJECT

_PLACEHOLDER = re.compile(r"<([^>\n]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    name: str

    def command(self, begins: str, known: Mapping[str, str]) -> list[str]:
        """Return the words of the page's first command that begins so and can be filled in."""
        lines = [line for line in self._commands() if line.startswith(begins)]
        assert lines, f"{self.name} has no command {begins!r}; it has {self._commands()}"
        asked = [set(_PLACEHOLDER.findall(line)) for line in lines]
        for line, placeholders in zip(lines, asked, strict=True):
            if placeholders <= known.keys():
                # Split first: a value may hold what a shell would split.
                return [_PLACEHOLDER.sub(lambda m: known[m[1]], word) for word in _words(line)]
        raise AssertionError(f"{begins!r} of {self.name} asks for {asked}; known: {sorted(known)}")

    def _commands(self) -> list[str]:
        page = (PROJECT / "docs" / "runbooks" / f"{self.name}.md").read_text("utf-8")
        commands = page.partition("## Commands")[2].partition("\n## ")[0]
        blocks = re.findall(r"```\n(.*?)```", commands, re.DOTALL)
        return [line for block in blocks for line in block.splitlines() if line]


def _words(line: str) -> list[str]:
    """Split as a shell does, a placeholder being part of one word."""
    names: list[str] = _PLACEHOLDER.findall(line)
    numbered = _PLACEHOLDER.sub(lambda _: "\x00", line)
    words: list[str] = []
    for word in shlex.split(numbered):
        while "\x00" in word:
            word = word.replace("\x00", f"<{names.pop(0)}>", 1)
        words.append(word)
    return words
