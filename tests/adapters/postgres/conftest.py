"""The PostgreSQL that these tests run on."""

from __future__ import annotations

from tests.servers import bare_url, database, lone_url, pgbouncer, postgres, store_url

__all__ = ["bare_url", "database", "lone_url", "pgbouncer", "postgres", "store_url"]
