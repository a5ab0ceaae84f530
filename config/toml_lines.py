"""Where the keys of a TOML file stand: the line of every key, table and item, which tomllib does not tell.

Works on text that tomllib has already accepted, and therefore only has to find its way, not to judge. Knows nothing
of what the keys mean.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root; an item of an array is its index, from 0."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE_BLANK: Final = re.compile(r"[ \t]*")
_PLAIN_VALUE: Final = re.compile(r"[^,\]}#\r\n]*")
_ESCAPED: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of each key, table header and array item of a valid TOML document.

    Raises: ValueError on text that is not TOML (where it notices).
    """
    return _Scanner(text).scan()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int | None:
    """The line of a key, or of the closest thing around it that is in the file; None when nothing is."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}
        """How many tables each array of tables has so far."""

    def scan(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) and self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._table_header(2)
            elif self._text[self._at] == "[":
                table = self._table_header(1)
            else:
                self._pair(table)
        return self._lines

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Moves past what the pattern matches here; always True, so that it can lead a condition."""
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return True

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line

    def _note(self, path: KeyPath, line: int) -> None:
        self._lines.setdefault(path, line)

    def _table_header(self, brackets: int) -> KeyPath:
        line = self._here()
        self._at += brackets
        names = self._dotted_key()
        self._at += brackets
        path: KeyPath = ()
        for depth, name in enumerate(names, start=1):
            path = (*path, name)
            if brackets == 2 and depth == len(names):
                self._tables[path] = self._tables.get(path, 0) + 1
            self._note(path, line)
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
                self._note(path, line)
        return path

    def _pair(self, table: KeyPath) -> None:
        line = self._here()
        path = table
        for name in self._dotted_key():
            path = (*path, name)
            self._note(path, line)
        self._expect("=")
        self._skip(_INLINE_BLANK)
        self._value(path)

    def _dotted_key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_INLINE_BLANK)
            names.append(self._simple_key())
            self._skip(_INLINE_BLANK)
            if not self._text.startswith(".", self._at):
                return names
            self._at += 1

    def _simple_key(self) -> str:
        if self._text[self._at : self._at + 1] in ('"', "'"):
            return self._string()
        match = _BARE_KEY.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no key on line {self._here()}")
        self._at = match.end()
        return match.group()

    def _value(self, path: KeyPath) -> None:
        first = self._text[self._at : self._at + 1]
        if first in ('"', "'"):
            self._string()
        elif first == "[":
            self._array(path)
        elif first == "{":
            self._inline_table(path)
        else:
            self._skip(_PLAIN_VALUE)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._skip(_BLANK) and not self._text.startswith("]", self._at):
            self._note((*path, index), self._here())
            self._value((*path, index))
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
            elif not self._text.startswith("]", self._at):
                raise ValueError(f"an array without an end on line {self._here()}")
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip(_BLANK) and not self._text.startswith("}", self._at):
            self._pair(path)
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
            elif not self._text.startswith("}", self._at):
                raise ValueError(f"an inline table without an end on line {self._here()}")
        self._at += 1

    def _expect(self, what: str) -> None:
        self._skip(_INLINE_BLANK)
        if not self._text.startswith(what, self._at):
            raise ValueError(f"no {what!r} on line {self._here()}")
        self._at += len(what)

    def _string(self) -> str:
        quote = self._text[self._at]
        mark = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        begin = end = self._at + len(mark)
        while not self._text.startswith(mark, end):
            if end >= len(self._text):
                raise ValueError(f"a text without an end on line {self._here()}")
            end += 2 if quote == '"' and self._text[end] == "\\" else 1
        if len(mark) == 3:  # up to two more quotes belong to the text
            while self._text.startswith(quote, end + 3):
                end += 1
        self._at = end + len(mark)
        content = self._text[begin:end]
        return _ESCAPED.sub(_unescaped, content) if quote == '"' else content


def _unescaped(match: re.Match[str]) -> str:
    code = match.group(1) or match.group(2)
    return chr(int(code, 16)) if code else _ESCAPES.get(match.group(3), match.group(3))
