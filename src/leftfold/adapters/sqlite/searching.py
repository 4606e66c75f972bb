"""The index of words of a table, in SQLite's FTS5.

What is a word is decided by `leftfold.store.table_checks`, alike for every store: the index is handed words and spaces,
and its tokenizer, which splits at nothing else beyond ASCII, keeps them as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from leftfold.adapters.sqlite.cells import Bound
from leftfold.adapters.sqlite.layout import Layout
from leftfold.store.table_checks import words_in

__all__ = ["forget_words", "keep_words", "match_of", "search_sql"]


def keep_words(cursor: sqlite3.Cursor, layout: Layout, rows: Sequence[list[Bound]]) -> None:
    """Index the words of *rows*, made by `Layout.row` and written already, instead of what was under their keys."""
    columns = layout.word_columns
    cursor.executemany(
        f"insert or replace into {layout.words} (rowid, {', '.join(columns)}) "
        f"values ({_number(layout)}{', ?' * len(columns)})",
        ((row[0], *(" ".join(words_in(text)) for text in layout.texts(row))) for row in rows),
    )


def forget_words(cursor: sqlite3.Cursor, layout: Layout, keys: Sequence[str]) -> None:
    """Take the words of rows that are about to be deleted out of the index."""
    cursor.executemany(f"delete from {layout.words} where rowid = {_number(layout)}", ((key,) for key in keys))


def match_of(words: Sequence[tuple[str, bool]]) -> str:
    """What FTS5 is asked for all of *words*, at least one, each a whole word or a beginning."""
    return " AND ".join(f'"{word}"{"*" if beginning else ""}' for word, beginning in words)


def search_sql(layout: Layout, conditions: str) -> str:
    """The query for key, row and rank, best first; its values are the match, those of *conditions*, limit, offset."""
    return (
        f"select t.key, cast(t.row as blob), -bm25({layout.words}) from {layout.words} "
        f'join {layout.name} t on t."#" = {layout.words}.rowid where {layout.words} match ?{conditions} '
        f"order by bm25({layout.words}), t.key limit ? offset ?"
    )


def _number(layout: Layout) -> str:
    return f'(select "#" from {layout.name} where key = ?)'
