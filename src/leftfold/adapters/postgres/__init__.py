"""The store on PostgreSQL, shared by any number of processes and machines.

In: the store port. Out: one schema of a PostgreSQL database, over asyncpg.
May import: store and the rooms above it, and asyncpg; SQLAlchemy and psycopg only where a user hands in theirs.
"""

from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.adapters.postgres.schema import PostgresSchema
from leftfold.adapters.postgres.store import PostgresStore, open_postgres
from leftfold.adapters.postgres.within import append_within, append_within_sync

__all__ = [
    "PostgresLocation",
    "PostgresSchema",
    "PostgresStore",
    "append_within",
    "append_within_sync",
    "open_postgres",
]
