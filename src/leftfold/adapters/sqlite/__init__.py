"""The embedded store: one SQLite file, shared by any number of processes of one machine.

In: the store port. Out: a file in WAL mode.
May import: store and the rooms above it, and the standard library's sqlite3.
"""

from leftfold.adapters.sqlite.location import SqliteLocation
from leftfold.adapters.sqlite.schema import SqliteSchema
from leftfold.adapters.sqlite.store import SqliteStore, open_sqlite

__all__ = ["SqliteLocation", "SqliteSchema", "SqliteStore", "open_sqlite"]
