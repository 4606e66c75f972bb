"""The PostgreSQL that golden databases are loaded into."""

from __future__ import annotations

from tests.servers import postgres

__all__ = ["postgres"]
