from __future__ import annotations

from tests.servers import lone_url, migrated, postgres

__all__ = ["lone_url", "migrated", "postgres"]
