"""The numbers that stand for the names of streams and tags in one file."""

from __future__ import annotations

import sqlite3
from typing import Final

from leftfold.adapters.sqlite.ends import Head, data_version, head_of
from leftfold.errors import StoreError
from leftfold.store.names import plain

__all__ = ["Naming"]

_REMEMBERED: Final = 100_000
_NUMBER = "select number from names where name = ?"
_NAME = "select name from names where number = ?"
_STILL = "select 1 from events where position = ? and recorded_at = ?"
_INSERT = "insert or fail into names (name) values (?) returning number"


class Naming:
    """Finds and gives numbers, and remembers those of committed rows, which no process ever changes.

    A backup that is put in the place of the file's content does: `renew` finds out, before names are read or given.

    Args:
        connection: reads and writes in whatever transaction it is in; tell this of the end of each that gave numbers,
            with `keep` or `forget`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}
        self._given: dict[str, int] = {}
        self._others: int | None = None
        self._last: Head | None = None

    @property
    def given(self) -> int:
        """How many numbers this transaction has given."""
        return len(self._given)

    def find(self, name: str) -> int | None:
        """The number of *name*, or None when nothing was stored under it."""
        return self._numbers.get(name) or self._given.get(name) or self._looked_up(name)

    def give(self, name: str) -> int:
        """The number of *name*, a new one if need be."""
        return self._numbers.get(name) or self._given.get(name) or self._looked_up(name) or self._new(name)

    def name(self, number: int) -> str:
        """The name that *number* stands for.

        Raises:
            StoreError: none does, so the file is damaged.
        """
        known = self._names.get(number)
        if known is None:
            row: tuple[str] | None = self._connection.execute(_NAME, (number,)).fetchone()
            if row is None:
                raise StoreError(f"the file is damaged: number {number} stands for no name; restore it from a backup")
            known = row[0]
            if known not in self._given:  # what is not committed may yet come to nothing
                self._remember(known, number)
        return known

    def renew(self, others: int | None = None) -> None:
        """Forget what is remembered if the log does not hold any more what it held when that was read.

        Args:
            others: the file's data version, which tells of commits of other connections; looked up when left out.
        """
        if others is None:
            others = data_version(self._connection)
        if others == self._others:
            return
        if self._last is None or self._connection.execute(_STILL, self._last).fetchone() is None:
            self._numbers.clear()
            self._names.clear()
        self._last = head_of(self._connection)
        self._others = others

    def keep(self, last: Head | None = None) -> None:
        """The transaction was committed.

        Args:
            last: how the log ends now; None when it ends as before.
        """
        self._last = last or self._last
        for name, number in self._given.items():
            self._remember(name, number)
        self._given.clear()

    def forget(self, but_first: int = 0) -> None:
        """The transaction is over, or taken back to where it had given *but_first* numbers.

        Unless `keep` was called before, it left nothing.
        """
        while len(self._given) > but_first:
            self._given.popitem()

    def _looked_up(self, name: str) -> int | None:
        text = plain(name)
        row: tuple[int] | None = self._connection.execute(_NUMBER, (text,)).fetchone()
        if row is None:
            return None
        self._remember(text, row[0])
        return row[0]

    def _new(self, name: str) -> int:
        text = plain(name)
        rows: list[tuple[int]] = self._connection.execute(_INSERT, (text,)).fetchall()
        self._given[text] = rows[0][0]
        return rows[0][0]

    def _remember(self, name: str, number: int) -> None:
        if len(self._numbers) >= _REMEMBERED:
            self._numbers.clear()
            self._names.clear()
        self._numbers[name] = number
        self._names[number] = name
